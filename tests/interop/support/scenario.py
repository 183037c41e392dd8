"""Which scenarios passed with which product: the lines that the interop matrix is made of."""

import functools

MARK = 'INTEROP'


def scenario(transport, what):
    """Decorates a test of a class with PRODUCT and version(). When it has passed it says so."""

    def decorate(test):

        @functools.wraps(test)
        def run(self):
            test(self)
            _tell(self, what, transport)

        return run

    return decorate


def over_each(transports, what):
    """The same for a test of several transports, which gets each in turn."""

    def decorate(test):

        @functools.wraps(test)
        def run(self):
            for transport in transports:
                with self.subTest(transport):
                    test(self, transport)
                    _tell(self, what, transport)

        return run

    return decorate


def _tell(case, what, transport):
    print('\t'.join((MARK, case.PRODUCT, case.version(), what, transport)), flush=True)
