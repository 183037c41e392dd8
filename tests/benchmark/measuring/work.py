"""What is measured: the kinds of work, and the budgets of each (P1 to P12)."""

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


def least(name, figure, bound):
    return Budget(name, figure, bound, 'at least')


@dataclasses.dataclass(frozen=True)
class Work:
    """One kind of work.

    `served_by`: limit, dispatch_limit, automatic, attach, attach_parsed, subscribe, python,
    node, outgoing, kamailio, kamailio_evapi or kamailio_relay. `mode`: closed_loop, with `window` requests
    outstanding on each of `connections`; churn or resumed: connect, one request, close. `ratios`:
    further figures, each this work's CPU over that of another work, or with 'times_less' the
    reverse.
    """
    key: str
    title: str
    served_by: str
    connections: int = 16
    window: int = 8
    transport: str = 'TCP'
    mode: str = 'closed_loop'
    workers: int = 0  # 0: as the command line says.
    endpoints: int = 0  # Besides the one that serves.
    subscriptions: int = 1
    domains: int = 1
    ratios: typing.Tuple[typing.Tuple[str, str], ...] = ()
    budgets: typing.Tuple[Budget, ...] = ()

    @property
    def is_rival(self):
        return self.served_by.startswith('kamailio')


_LIMIT = (('times_limit', 'limit_c16w8'),)

WORKS = (
    Work('limit_c16w8', 'limit program, c16w8', 'limit'),
    Work('kamailio_c16w8', 'Kamailio answers, c16w8', 'kamailio'),
    Work('automatic_c16w8', 'server answers, c16w8', 'automatic',
         ratios=_LIMIT + (('times_less_kamailio', 'kamailio_c16w8'),),
         budgets=(Budget('P1', 'cpu_us', 4.5), Budget('P1', 'times_limit', 2.0),
                  least('P1', 'times_less_kamailio', 3.3), least('P1', 'per_core', 200000))),
    Work('limit_c16w1', 'limit program, c16w1', 'limit', window=1),
    Work('kamailio_c16w1', 'Kamailio answers, c16w1', 'kamailio', window=1),
    Work('automatic_c16w1', 'server answers, c16w1', 'automatic', window=1,
         ratios=(('times_limit', 'limit_c16w1'), ('times_less_kamailio', 'kamailio_c16w1')),
         budgets=(Budget('P1', 'cpu_us', 9.0),)),
    Work('limit_tls_c16w8', 'limit program, TLS c16w8', 'limit', transport='TLS'),
    Work('kamailio_tls_c16w8', 'Kamailio answers, TLS c16w8', 'kamailio', transport='TLS'),
    Work('automatic_tls_c16w8', 'server answers, TLS c16w8', 'automatic', transport='TLS',
         ratios=(('times_limit', 'limit_tls_c16w8'), ('times_less_kamailio', 'kamailio_tls_c16w8')),
         budgets=(Budget('P2', 'cpu_us', 6.5), least('P2', 'times_less_kamailio', 2.9))),
    Work('dispatch_limit_c16w8', 'limit of Attach + application, c16w8', 'dispatch_limit'),
    Work('kamailio_evapi_c16w8', 'Kamailio + evapi + application, c16w8', 'kamailio_evapi'),
    Work('attach_c16w8', 'Attach (RAW) + application, c16w8', 'attach',
         ratios=(('times_limit', 'dispatch_limit_c16w8'),
                 ('times_less_kamailio', 'kamailio_evapi_c16w8')),
         budgets=(Budget('P3', 'cpu_us', 12.0), Budget('P3', 'times_limit', 2.3),
                  least('P3', 'times_less_kamailio', 5.5),
                  least('P3', 'requests_per_second', 100000))),
    Work('attach_parsed_c16w8', 'Attach (PARSED) + application, c16w8', 'attach_parsed',
         ratios=(('times_limit', 'dispatch_limit_c16w8'), ('times_raw', 'attach_c16w8')),
         budgets=(Budget('P4', 'times_raw', 2.0),)),
    Work('python_c16w8', 'Attach + application in Python, c16w8', 'python',
         budgets=(Budget('P3', 'application_us', 35.0),)),
    Work('node_c16w8', 'Attach + application in JavaScript (node), c16w8', 'node',
         budgets=(Budget('P3', 'application_us', 20.0),)),
    Work('kamailio_evapi_c16w1', 'Kamailio + evapi + application, c16w1', 'kamailio_evapi',
         window=1),
    Work('dispatch_limit_c16w1', 'limit of Attach + application, c16w1', 'dispatch_limit',
         window=1),
    Work('attach_c16w1', 'Attach (RAW) + application, c16w1', 'attach', window=1,
         ratios=(('times_limit', 'dispatch_limit_c16w1'),
                 ('times_less_kamailio', 'kamailio_evapi_c16w1')),
         budgets=(Budget('P5', 'p50_us', 400), Budget('P5', 'p99_us', 1000))),
    Work('dispatch_limit_c1w1', 'limit of Attach + application, c1w1', 'dispatch_limit',
         connections=1, window=1),
    Work('kamailio_evapi_c1w1', 'Kamailio + evapi + application, c1w1', 'kamailio_evapi',
         connections=1, window=1),
    Work('attach_c1w1', 'Attach (RAW) + application, c1w1', 'attach', connections=1, window=1,
         ratios=(('times_limit', 'dispatch_limit_c1w1'),
                 ('times_less_kamailio', 'kamailio_evapi_c1w1')),
         budgets=(Budget('P5', 'p50_us', 115), Budget('P5', 'p99_us', 220))),
    Work('subscribe_c16w8', 'Subscribe + unary Respond, c16w8', 'subscribe',
         budgets=(least('P6', 'requests_per_second', 8000),)),
    Work('kamailio_relay_c16w4', 'Kamailio relays, c16w4', 'kamailio_relay', window=4),
    Work('outgoing', 'application sends, pool of 4, 64 outstanding', 'outgoing', connections=4,
         window=64, ratios=(('times_less_kamailio', 'kamailio_relay_c16w4'),),
         budgets=(Budget('P9', 'cpu_us', 15.0), least('P9', 'requests_per_second', 80000),
                  least('P9', 'times_less_kamailio', 4.0), Budget('P9', 'pool_connections', 4),
                  Budget('P9', 'pool_imbalance', 1))),
)

HANDSHAKES = (
    Work('limit_churn_tls', 'limit program, connect + request, TLS', 'limit', mode='churn',
         transport='TLS'),
    Work('kamailio_churn_tls', 'Kamailio, connect + request, TLS', 'kamailio', mode='churn',
         transport='TLS'),
    Work('churn_tls', 'connect + request, TLS', 'automatic', mode='churn', transport='TLS',
         ratios=(('times_limit', 'limit_churn_tls'),
                 ('times_less_kamailio', 'kamailio_churn_tls')),
         budgets=(Budget('P7', 'times_limit', 1.15),)),
    Work('limit_churn_mutual', 'limit program, connect + request, mutual TLS', 'limit',
         mode='churn', transport='MUTUAL'),
    Work('churn_mutual', 'connect + request, mutual TLS', 'automatic', mode='churn',
         transport='MUTUAL', ratios=(('times_limit', 'limit_churn_mutual'),),
         budgets=(Budget('P7', 'times_limit', 1.15),)),
    Work('churn_mutual_1000', 'the same among 1,000 allowed domains', 'automatic', mode='churn',
         transport='MUTUAL', domains=1000, ratios=(('times_one_domain', 'churn_mutual'),)),
    Work('limit_resumed_mutual', 'limit program, resumed, mutual TLS', 'limit', mode='resumed',
         transport='MUTUAL'),
    Work('resumed_mutual', 'resumed by the server\'s cache, mutual TLS', 'automatic',
         mode='resumed', transport='MUTUAL',
         ratios=(('times_limit', 'limit_resumed_mutual'), ('times_full', 'churn_mutual')),
         budgets=(Budget('P7', 'times_full', 0.3),)),
)

# Each beside its smaller brother, in the same rounds; the limit program shows what of it is the
# kernel's and the caches' doing.
_SAME = Budget('P10', 'times_few', 1.2)
GROWTH = (
    Work('limit_few_connections', 'limit program, 100 connections, one outstanding each', 'limit',
         100, 1),
    Work('limit_many_connections', 'limit program, 19,000 connections, one outstanding each',
         'limit', 19000, 1, ratios=(('times_few', 'limit_few_connections'),)),
    Work('few_connections', '100 connections, one outstanding each', 'automatic', 100, 1,
         ratios=(('times_limit', 'limit_few_connections'),)),
    Work('many_connections', '19,000 connections, one outstanding each', 'automatic', 19000, 1,
         ratios=(('times_limit', 'limit_many_connections'), ('times_few', 'few_connections')),
         budgets=(_SAME,)),
    Work('few_endpoints', '10 endpoints', 'attach', endpoints=9),
    Work('many_endpoints', '100,000 endpoints', 'attach', endpoints=99999,
         ratios=(('times_few', 'few_endpoints'),), budgets=(_SAME,)),
    Work('one_subscription', '1 subscription', 'attach'),
    Work('many_subscriptions', '64 subscriptions', 'attach', subscriptions=64,
         ratios=(('times_few', 'one_subscription'),), budgets=(_SAME,)),
    Work('one_worker', '1 worker', 'automatic', workers=1),
    Work('two_workers', '2 workers (capacity: 2 / its ratio)', 'automatic', workers=2,
         ratios=(('times_few', 'one_worker'),), budgets=(Budget('P10', 'times_few', 1.25),)),
)


@dataclasses.dataclass(frozen=True)
class IdleWork:
    """Idle connections of one kind; `bound_kib`: user memory of the server for each."""
    key: str
    title: str
    transport: str
    bound_kib: float


IDLE_WORKS = (
    IdleWork('idle_tcp', 'idle TCP connection', 'TCP', 1),
    IdleWork('idle_tls', 'idle TLS connection', 'TLS', 16),
    IdleWork('idle_mutual_tls', 'idle mutual-TLS connection', 'MUTUAL', 21),
)
