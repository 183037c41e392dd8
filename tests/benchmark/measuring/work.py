"""What is measured: the kinds of work, and the budgets of each (performance.md P1 to P8)."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Budget:
    """`figure`: a key of a row's figures; the median is to be at most, or at least, `bound`."""
    name: str
    figure: str
    bound: float
    sense: str = 'at most'

    def holds(self, value):
        return value <= self.bound if self.sense == 'at most' else value >= self.bound


@dataclasses.dataclass(frozen=True)
class Work:
    """One kind of work. `served_by`: limit, automatic, attach or subscribe; `connections` with
    `window` requests outstanding on each; `limit`: the work of the limit program to compare with.
    """
    key: str
    title: str
    served_by: str
    connections: int
    window: int
    transport: str = 'TCP'
    limit: str = ''
    budgets: typing.Tuple[Budget, ...] = ()


WORKS = (
    Work('limit_c16w8', 'limit program, c16w8', 'limit', 16, 8),
    Work('limit_c16w1', 'limit program, c16w1', 'limit', 16, 1),
    Work('automatic_c16w8', 'answered by the server, c16w8', 'automatic', 16, 8,
         limit='limit_c16w8',
         budgets=(Budget('P1', 'cpu_us', 4.5), Budget('P1', 'times_limit', 2.0),
                  Budget('P1', 'per_core', 200000, 'at least'))),
    Work('automatic_c16w1', 'answered by the server, c16w1', 'automatic', 16, 1,
         limit='limit_c16w1', budgets=(Budget('P1', 'cpu_us', 9.0),)),
    Work('automatic_tls_c16w8', 'answered by the server, TLS c16w8', 'automatic', 16, 8,
         transport='TLS', budgets=(Budget('P2', 'cpu_us', 6.5),)),
    Work('attach_c16w8', 'through Attach (RAW), c16w8', 'attach', 16, 8, limit='limit_c16w8',
         budgets=(Budget('P3', 'cpu_us', 12.0),
                  Budget('P3', 'requests_per_second', 100000, 'at least'))),
    Work('attach_c16w1', 'through Attach (RAW), c16w1', 'attach', 16, 1, limit='limit_c16w1',
         budgets=(Budget('P5', 'p50_us', 400), Budget('P5', 'p99_us', 1000))),
    Work('attach_c1w1', 'through Attach (RAW), c1w1', 'attach', 1, 1,
         budgets=(Budget('P5', 'p50_us', 115), Budget('P5', 'p99_us', 220))),
    Work('attach_parsed_c16w8', 'through Attach (PARSED), c16w8', 'attach_parsed', 16, 8,
         limit='limit_c16w8', budgets=(Budget('P4', 'times_raw', 2.0),)),
    Work('subscribe_c16w8', 'Subscribe + unary Respond, c16w8', 'subscribe', 16, 8,
         budgets=(Budget('P6', 'requests_per_second', 8000, 'at least'),)),
)


@dataclasses.dataclass(frozen=True)
class IdleWork:
    """Idle connections of one kind; `bound_kib`: user memory of the server for each."""
    key: str
    title: str
    transport: str
    mutual: bool
    bound_kib: float


IDLE_WORKS = (
    IdleWork('idle_tcp', 'idle TCP connection', 'TCP', False, 1),
    IdleWork('idle_tls', 'idle TLS connection', 'TLS', False, 16),
    IdleWork('idle_mutual_tls', 'idle mutual-TLS connection', 'TLS', True, 21),
)
