#!/usr/bin/python3
"""The interop matrix of docs/interop.md, made of what the tests of products printed.

    matrix.py PAGE LOG...        compares: exit status 1 when a product that ran is shown otherwise
    matrix.py --write PAGE LOG...  writes it anew; products that did not run keep their rows

LOG: test.log files; tests/interop/support/scenario.py prints the lines.
"""

import sys

MARK = 'INTEROP\t'
TRANSPORTS = ('TCP', 'TLS', 'mutual TLS')
BEGIN = '<!-- matrix: tests/interop/matrix.py -->'
END = '<!-- end -->'
HEADING = ['| product | version | scenario | %s |' % ' | '.join(TRANSPORTS),
           '|---|---|---|%s' % ('---|' * len(TRANSPORTS))]


def passed(logs):
    """{(product, version, scenario): transports} of the lines of test logs."""
    rows = {}
    for log in logs:
        for line in log.split('\n'):
            # unittest's progress may stand before it.
            if line.lstrip('.FEs').startswith(MARK):
                product, version, scenario, transport = line.split('\t')[1:]
                rows.setdefault((product, version, scenario), set()).add(transport)
    return rows


def table_of(page):
    """The same of a page, and what stands before and after the table."""
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {}
    for line in table.strip().split('\n')[len(HEADING):]:
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        rows[tuple(cells[:3])] = {transport for transport, cell in zip(TRANSPORTS, cells[3:])
                                  if cell == '✓'}
    return before, rows, after


def merged(shown, rows):
    """What is to be shown: the rows of a product that ran replace those that were shown of it."""
    products = {product for product, _, _ in rows}
    return {**{key: value for key, value in shown.items() if key[0] not in products}, **rows}


def lines_of(rows):
    order = sorted(rows, key=lambda key: (key[0].lower(), key[2].lower()))
    return ['| %s | %s |' % (' | '.join(key), ' | '.join(
        '✓' if transport in rows[key] else '' for transport in TRANSPORTS)) for key in order]


def main(arguments):
    write = arguments[:1] == ['--write']
    path, *logs = arguments[1:] if write else arguments
    texts = []
    for log in logs:
        with open(log, encoding='utf-8', errors='replace') as file:
            texts.append(file.read())
    with open(path, encoding='utf-8') as file:
        before, shown, after = table_of(file.read())
    rows = merged(shown, passed(texts))
    if write:
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join([before + BEGIN, *HEADING, *lines_of(rows), END]) + after)
        return 0
    stale = set(lines_of(shown)) ^ set(lines_of(rows))
    for line in sorted(stale):
        print('%s %s' % ('passed, but is not shown:' if line in lines_of(rows) else
                         'is shown, but did not pass:', line))
    if stale:
        print('if that is meant: tests/interop/matrix.py --write %s %s' % (path, ' '.join(logs)))
    return 1 if stale else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
