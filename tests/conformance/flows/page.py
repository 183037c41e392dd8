"""A page of docs/flows: printed by the tests of its flows, compared with what is committed."""

import difflib
import functools
import os
import re
import unittest

from tests.conformance.flows.ladder import Ladder

_FOLDER = 'docs/flows/'


def flow(title, source, parties):
    """Decorates a test that is a flow: its docstring and what `self.ladder` then holds are the
    section `title` of the page."""

    def decorate(test):

        @functools.wraps(test)
        def run(self):
            self.ladder = Ladder(parties)
            test(self)
            section = self.ladder.section(title, source, test.__doc__)
            self.page.compare(self, test.__code__.co_firstlineno, title, section)

        return run

    return decorate


class Page:

    def __init__(self, name, heading):
        self._path = _FOLDER + name
        self._heading = heading
        self._passed = {}  # line of the test: section
        committed = ''
        if os.path.exists(self._path):
            with open(self._path, encoding='utf-8') as file:
                committed = file.read()
        self._committed = committed

    def _section(self, title):
        found = re.search(r'^## %s\n.*?(?=^## |\Z)' % re.escape(title), self._committed,
                          re.MULTILINE | re.DOTALL)
        return found.group().rstrip('\n') if found else ''

    def compare(self, case, line, title, section):
        self._passed[line] = section
        if self._section(title) != section.rstrip('\n'):
            case.fail('the flow went otherwise than %s says (tearDownClass names a new page):\n%s' %
                      (self._path, '\n'.join(difflib.unified_diff(
                          self._section(title).split('\n'), section.split('\n'), lineterm=''))))

    def finish(self, are_all):
        """Writes the page anew and fails when it is not the committed one."""
        text = self._heading + '\n\n' + '\n'.join(
            section for _, section in sorted(self._passed.items()))
        if not are_all or text == self._committed:
            return
        folder = os.environ.get('TEST_UNDECLARED_OUTPUTS_DIR', '/tmp')
        path = os.path.join(folder, os.path.basename(self._path))
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        raise AssertionError('%s is not what passed: if that is meant, cp %s %s' %
                             (self._path, path, self._path))


class FlowCase(unittest.TestCase):
    """Flows of one page. Subclasses have PAGE (in docs/flows) and HEADING (its beginning)."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.page = Page(cls.PAGE, cls.HEADING)

    @classmethod
    def tearDownClass(cls):
        flows = unittest.defaultTestLoader.getTestCaseNames(cls)
        cls.page.finish(are_all=len(cls.page._passed) == len(flows))
