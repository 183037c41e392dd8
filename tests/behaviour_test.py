#!/usr/bin/python3
"""Checks that each test that tests/behaviour.md names is there. Run from the workspace's root."""

import pathlib
import re
import sys

DOCUMENT = pathlib.Path('tests/behaviour.md')
RULES = re.compile(r'^- (\d+)(?: (to|and) (\d+))?, ', re.MULTILINE)
LAST_RULE = 36
REFERENCE = re.compile(r'`([a-z0-9_/@]+_test)\.([A-Za-z0-9_]+)`')


def tests_of(path):
    """The names of the tests in the file of that name, wherever it moved; empty when there is none."""
    name = path.rpartition('/')[2]
    found = set()
    for suffix, pattern in (('.cc', r'TEST(?:_F|_P)?\(\s*\w+,\s*(\w+)\)'),
                            ('.py', r'def (test_\w+)\(')):
        for file in pathlib.Path('tests').rglob(name + suffix):
            found.update(re.findall(pattern, file.read_text(encoding='utf-8')))
    return found


def faults(text):
    for number, line in enumerate(text.split('\n'), start=1):
        references = REFERENCE.findall(line)
        if line.startswith('- ') and not references:
            yield '%s:%d: names no test' % (DOCUMENT, number)
        for path, name in references:
            if name not in tests_of(path):
                yield '%s:%d: "%s" has no test "%s"' % (DOCUMENT, number, path, name)


def missing_rules(text):
    """The faults and abuses are numbered; none is passed over."""
    named = set()
    section = text.partition('\n## Faults and abuse\n')[2].partition('\n## ')[0]
    for first, joint, last in RULES.findall(section):
        named.add(int(first))
        if joint:
            named.update(range(int(first), int(last) + 1) if joint == 'to' else [int(last)])
    for number in range(1, LAST_RULE + 1):
        if number not in named:
            yield '%s: nothing says what holds of fault %d' % (DOCUMENT, number)


def main():
    text = DOCUMENT.read_text(encoding='utf-8')
    found = [*faults(text), *missing_rules(text)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
