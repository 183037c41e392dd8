#!/usr/bin/python3
"""Checks that each test that tests/behaviour.md names is there. Run from the workspace's root."""

import pathlib
import re
import sys

DOCUMENT = pathlib.Path('tests/behaviour.md')
RULES = re.compile(r'^- (\d+)(?: (to|and) (\d+))?, ', re.MULTILINE)
LAST_RULE = 36
REFERENCE = re.compile(r'`([a-z0-9_/@]+_test)\.([A-Za-z0-9_]+)`')


PATTERNS = {'.cc': r'TEST(?:_F|_P)?\(\s*\w+,\s*(\w+)\)', '.py': r'def (test_\w+)\('}


def file_of(path):
    """Where a reference leads: the file as written; else, when it has moved, the only one of its
    name; None when there is none or one cannot tell which."""
    written = pathlib.Path('tests', path.replace('@', 'core/engine', 1))
    for suffix in PATTERNS:
        if written.with_suffix(suffix).exists():
            return written.with_suffix(suffix)
    found = [file for suffix in PATTERNS
             for file in pathlib.Path('tests').rglob(written.name + suffix)]
    return found[0] if len(found) == 1 else None


def has_test(path, name):
    file = file_of(path)
    return file is not None and name in re.findall(PATTERNS[file.suffix],
                                                   file.read_text(encoding='utf-8'))


def faults(text):
    for number, line in enumerate(text.split('\n'), start=1):
        references = REFERENCE.findall(line)
        if line.startswith('- ') and not references:
            yield '%s:%d: names no test' % (DOCUMENT, number)
        for path, name in references:
            if not has_test(path, name):
                yield ('%s:%d: "%s" is no file, or several, or has no test "%s"' %
                       (DOCUMENT, number, path, name))


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
