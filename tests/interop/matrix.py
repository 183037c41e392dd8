#!/usr/bin/python3
"""The interop matrix of README.md, made of what the tests of products printed.

    matrix.py PAGE LOG...        compares: exit status 1 when a product that ran is shown otherwise
    matrix.py --write PAGE LOG...  writes it anew; products that did not run keep their rows

LOG: test.log files; tests/interop/support/scenario.py prints the lines.
"""

import sys

MARK = 'INTEROP\t'
TRANSPORTS = ('TCP', 'TLS', 'mutual TLS')
BEGIN = '<!-- matrix: tests/interop/matrix.py -->'
END = '<!-- end of matrix -->'
HEADING = ['| product | version | transport | scenarios that passed |', '|---|---|---|---|']
SEPARATOR = ' · '


def passed(logs):
    """{(product, version, transport): scenarios} of the lines of test logs."""
    rows = {}
    for log in logs:
        for line in log.split('\n'):
            # unittest's progress may stand before it.
            if line.lstrip('.FEs').startswith(MARK):
                product, version, scenario, transport = line.split('\t')[1:]
                rows.setdefault((product, version, transport), set()).add(scenario)
    return rows


def table_of(page):
    """The same of a page, and what stands before and after the table."""
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {}
    for line in table.strip().split('\n')[len(HEADING):]:
        *key, scenarios = [cell.strip() for cell in line.strip('|').split('|')]
        rows[tuple(key)] = set(scenarios.split(SEPARATOR))
    return before, rows, after


def merged(shown, rows):
    """What is to be shown: the rows of a product that ran replace those that were shown of it."""
    products = {product for product, _, _ in rows}
    return {**{key: value for key, value in shown.items() if key[0] not in products}, **rows}


def lines_of(rows):
    order = sorted(rows, key=lambda key: (key[0].lower(), key[1], TRANSPORTS.index(key[2])))
    return ['| %s | %s |' % (' | '.join(key), SEPARATOR.join(sorted(rows[key], key=str.lower)))
            for key in order]


def cells_of(rows):
    """Each as a line: product, version, transport, one scenario."""
    return {'%s %s over %s: %s' % (*key, scenario) for key, scenarios in rows.items()
            for scenario in scenarios}


def main(arguments):
    write = arguments[:1] == ['--write']
    path, *logs = arguments[1:] if write else arguments
    texts = []
    for log in logs:
        with open(log, encoding='utf-8', errors='replace') as file:
            texts.append(file.read())
    with open(path, encoding='utf-8') as file:
        before, shown, after = table_of(file.read())
    ran = passed(texts)
    rows = merged(shown, ran)
    if write:
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join([before + BEGIN, *HEADING, *lines_of(rows), END]) + after)
        return 0
    for product in sorted({key[0] for key in rows} - {key[0] for key in ran}):
        print('did not run here, so %s shows what passed before: %s' % (path, product))
    for cell in sorted(cells_of(rows) - cells_of(shown)):
        print('passed, but is not shown: ' + cell)
    for cell in sorted(cells_of(shown) - cells_of(rows)):
        print('is shown, but did not pass: ' + cell)
    if rows == shown:
        return 0
    print('if that is meant: tests/interop/matrix.py --write %s %s' % (path, ' '.join(logs)))
    return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
