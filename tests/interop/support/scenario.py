"""Which scenarios passed with which product: the lines that the interop matrix is made of."""

import functools

MARK = 'INTEROP'


def scenario(transport, what):
    """Decorates a test of a class with PRODUCT and version(). When it has passed it says so."""

    def decorate(test):

        @functools.wraps(test)
        def run(self):
            test(self)
            print('\t'.join((MARK, self.PRODUCT, self.version(), what, transport)), flush=True)

        return run

    return decorate
