"""What report found, as Markdown that a terminal shows as well."""


def cells(rows):
    """Aligned Markdown."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ['| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths)) + ' |'
             for row in rows]
    lines.insert(1, '|' + '|'.join('-' * (width + 2) for width in widths) + '|')
    return '\n'.join(lines)


def _spread(value, digits=1):
    return '%.*f (%.*f–%.*f)' % (digits, value['median'], digits, value['min'], digits,
                                 value['max'])


def _ratio(row, name):
    return '%.2f' % row[name]['median'] if name in row else ''


def _other_ratio(row):
    for name, text in (('times_raw', '× RAW'), ('times_few', '× its smaller brother'),
                       ('times_full', '× full'), ('times_one_domain', '× one domain')):
        if name in row:
            return '%.2f %s' % (row[name]['median'], text)
    return ''


def verdict_text(one):
    value = '' if 'value' not in one else ' (%s)' % format_value(one['value'])
    return '%s%s: %s' % (one['budget'], value, one['verdict'])


def format_value(value):
    return '{:,.0f}'.format(value) if value >= 1000 else '%.3g' % value


def _verdicts(row):
    return '; '.join(map(verdict_text, row['verdicts']))


def _flag_disturbed(text, rows):
    if any(row['quiet_rounds'] == 0 for row in rows.values()):
        text += '\n\n\\* no quiet sample: other processes or the host took more than 0.15 cores.'
    return text


def chosen_works(rows):
    """One line per kind of work with what a reader compares first."""
    lines = [['work', 'CPU per request', 'requests/s', 'p50 / p99 µs', '× limit program',
              'times less than Kamailio']]
    for row in rows.values():
        mark = '' if row['quiet_rounds'] else '*'
        lines.append([
            row['title'], '%.1f µs' % row['cpu_us']['median'],
            '{:,.0f}{}'.format(row['requests_per_second']['median'], mark),
            '%.0f / %.0f%s' % (row['p50_us']['median'], row['p99_us']['median'], mark),
            _ratio(row, 'times_limit'), _ratio(row, 'times_less_kamailio')])
    return _flag_disturbed(cells(lines), rows)


def works(rows):
    """One line per kind of work, with all that was measured."""
    lines = [['work', 'CPU µs (spread)', 'server + application', 'requests/s', 'p50 / p99 µs',
              '× limit', 'times less than Kamailio', 'other', 'PSS MiB', 'budgets']]
    for row in rows.values():
        mark = '' if row['quiet_rounds'] else '*'
        lines.append([
            row['title'], _spread(row['cpu_us']),
            '%.1f + %.1f' % (row['server_us']['median'], row['application_us']['median']),
            '{:,.0f}{}'.format(row['requests_per_second']['median'], mark),
            '%.0f / %.0f%s' % (row['p50_us']['median'], row['p99_us']['median'], mark),
            _ratio(row, 'times_limit'), _ratio(row, 'times_less_kamailio'), _other_ratio(row),
            '%.0f' % (row['pss_kib']['median'] / 1024), _verdicts(row)])
    return _flag_disturbed(cells(lines), rows)


def idle(rows):
    lines = [['user memory of the server', 'KiB each (PSS slope)', 'cores while idle', 'budgets']]
    for row in rows.values():
        lines.append([row['title'], '%.2f' % row['pss_kib_each'], '%.4f' % row['idle_cores'],
                      _verdicts(row)])
    return cells(lines)


def trials(rows):
    lines = [['trial', 'result', 'budgets']]
    lines += [[row['title'], row['result'], _verdicts(row)] for row in rows]
    return cells(lines)


def overview(all_verdicts):
    """One line per budget name, P1 to P12 and what has no number.

    `all_verdicts`: [(title of what was measured, its verdict)].
    """
    lines = [['budget', 'verdict']]
    for name in sorted({one['name'] for _, one in all_verdicts},
                       key=lambda text: (len(text), text)):
        mine = [(title, one) for title, one in all_verdicts if one['name'] == name]
        not_held = [(title, one) for title, one in mine if one['verdict'] != 'holds']
        held = '%d of %d hold' % (len(mine) - len(not_held), len(mine))
        lines.append([name, 'holds' if not not_held else '; '.join([held, *(
            '%s: %s' % (title, verdict_text(one).removeprefix(name + ' '))
            for title, one in not_held)])])
    return cells(lines)
