#!/usr/bin/python3
"""Checks that each test that tests/behaviour.md names is there. Run from the workspace's root."""

import pathlib
import re
import sys

DOCUMENT = pathlib.Path('tests/behaviour.md')
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


def main():
    found = list(faults(DOCUMENT.read_text(encoding='utf-8')))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
