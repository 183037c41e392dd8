"""Medians, ratios, verdicts, and the table of them."""

import statistics

from measuring.work import Budget

_FIGURES = ('cpu_us', 'server_us', 'application_us', 'generator_us', 'per_core',
            'requests_per_second', 'p50_us', 'p99_us', 'elsewhere_cores', 'stolen_cores')
# Meaningful only when nothing else ran.
_QUIET_FIGURES = ('requests_per_second', 'p50_us', 'p99_us')


def spread(values):
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values)}


def slope_kib(readings, field='Pss'):
    """KiB per connection: least squares over {count: {field: KiB}}."""
    counts = sorted(readings)
    mean_count = statistics.mean(counts)
    values = [readings[count][field] for count in counts]
    mean_value = statistics.mean(values)
    above = sum((count - mean_count) * (value - mean_value)
                for count, value in zip(counts, values))
    return above / sum((count - mean_count) ** 2 for count in counts)


def summarize(works, samples):
    """One row per work from {key: [sample]}; ratios are of samples of the same round."""
    rows = {}
    for work in works:
        taken = samples[work.key]
        quiet = [sample for sample in taken if sample['quiet']]
        row = {'title': work.title, 'rounds': len(taken), 'quiet_rounds': len(quiet)}
        for figure in _FIGURES:
            # Without any quiet sample there is still something to see; the verdict says so.
            source = quiet if figure in _QUIET_FIGURES and quiet else taken
            row[figure] = spread([sample[figure] for sample in source])
        for name, other in (('times_limit', work.limit), ('times_raw', _raw_of(work))):
            if other in samples:
                row[name] = spread([mine['cpu_us'] / theirs['cpu_us']
                                    for mine, theirs in zip(taken, samples[other])])
        row['verdicts'] = [_verdict(budget, row) for budget in work.budgets]
        rows[work.key] = row
    return rows


def _raw_of(work):
    return work.key.replace('_parsed', '') if work.served_by == 'attach_parsed' else ''


def _verdict(budget, row):
    if budget.figure not in row:
        return {'budget': _text(budget), 'verdict': 'not measured'}
    value = row[budget.figure]['median']
    if budget.figure in _QUIET_FIGURES and row['quiet_rounds'] == 0:
        verdict = 'no quiet sample'
    else:
        verdict = 'holds' if budget.holds(value) else 'MISSED'
    return {'budget': _text(budget), 'value': value, 'verdict': verdict}


def _text(budget):
    sign = '<=' if budget.sense == 'at most' else '>='
    return '%s %s %s %g' % (budget.name, budget.figure, sign, budget.bound)


def summarize_idle(works, readings):
    rows = {}
    for work in works:
        slope = slope_kib(readings[work.key])
        rows[work.key] = {
            'title': work.title, 'pss_kib_each': slope,
            'rss_kib_each': slope_kib(readings[work.key], 'Rss'), 'readings': readings[work.key],
            'verdicts': [_verdict(Budget('P8', 'kib', work.bound_kib),
                                  {'kib': {'median': slope}, 'quiet_rounds': 1})]}
    return rows


def _range(value, digits=1):
    return '%.*f (%.*f-%.*f)' % (digits, value['median'], digits, value['min'], digits,
                                 value['max'])


def table(rows, idle_rows):
    lines = []
    if rows:
        lines.append('%-36s %-20s %15s %10s %10s  %-21s %-6s %s' % (
            'work', 'CPU us/request', 'server+app us', 'generator', 'requests/s', 'p50/p99 us',
            'limit', 'budgets'))
    for row in rows.values():
        lines.append('%-36s %-20s %15s %10.1f %10.0f%s %-21s %-6s %s' % (
            row['title'], _range(row['cpu_us']),
            '%.1f+%.1f' % (row['server_us']['median'], row['application_us']['median']),
            row['generator_us']['median'], row['requests_per_second']['median'],
            ' ' if row['quiet_rounds'] else '*',
            '%.0f/%.0f' % (row['p50_us']['median'], row['p99_us']['median']),
            'x%.1f' % row['times_limit']['median'] if 'times_limit' in row else '',
            _verdicts(row)))
    if any(row['quiet_rounds'] == 0 for row in rows.values()):
        lines.append('* no quiet sample: other processes or the host took more than 0.15 cores')
    if rows and idle_rows:
        lines.append('')
    if idle_rows:
        lines.append('%-36s %-14s %-14s %s' % ('user memory of the server', 'PSS KiB each',
                                               'RSS KiB each', 'budgets'))
    for row in idle_rows.values():
        lines.append('%-36s %-14.2f %-14.2f %s' % (row['title'], row['pss_kib_each'],
                                                   row['rss_kib_each'], _verdicts(row)))
    return '\n'.join(lines)


def _verdicts(row):
    return '; '.join('%s: %s' % (one['budget'], one['verdict']) for one in row['verdicts'])
