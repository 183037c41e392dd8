"""The measuring tool, tried on the limit program; and the figures it derives."""

import os
import subprocess
import tempfile
import unittest

from measuring import bench, document, processes, report, scale, tables, trials, work

LIMIT = 'tests/benchmark/load/limit_responder'
GENERATOR = 'tests/benchmark/load/load_generator'
CERTIFICATES = 'tests/pki/make_certificates'
SHORT = ['--warm_up=0s', '--duration=30s', '--connections=4', '--window=4']


def figures(cpu, seconds=1.0, machine=1.0, replies=100000, stolen=0.0):
    return {'seconds': seconds, 'replies': replies, 'watched_cpu_seconds': cpu,
            'generator_cpu_seconds': 0.25, 'machine_cpu_seconds': machine, 'p50_us': 1.0,
            'p99_us': 2.0, 'requests_per_second': replies / seconds, 'stolen_seconds': stolen,
            'pss_kib': 20480}


class GeneratorTest(unittest.TestCase):

    def setUp(self):
        self.server = processes.LimitResponder(LIMIT)
        self.addCleanup(self.server.__exit__)

    def test_counts_matched_replies(self):
        result = processes.generate(GENERATOR, self.server.target,
                                    [*SHORT, '--count=1000', '--watch=%d' % self.server.pid])
        self.assertGreaterEqual(result['replies'], 1000)
        self.assertGreater(result['watched_cpu_seconds'][0], 0)
        self.assertLessEqual(result['p50_us'], result['p99_us'])
        self.assertLessEqual(result['p99_us'], result['max_us'])

    def test_is_void_when_a_reply_has_another_status(self):
        with self.assertRaisesRegex(processes.ProcessError, 'status 200, not 404'):
            processes.generate(GENERATOR, self.server.target, [*SHORT, '--status=404'])

    def test_is_void_when_nobody_listens(self):
        target = self.server.target
        self.server.__exit__()
        self.server = processes.LimitResponder(LIMIT)
        self.addCleanup(self.server.__exit__)
        if self.server.target != target:
            with self.assertRaisesRegex(processes.ProcessError, 'refused'):
                processes.generate(GENERATOR, target, SHORT)

    def test_holds_idle_connections_until_told(self):
        with processes.IdleConnections(GENERATOR, self.server.target) as idle:
            sockets = lambda: len(os.listdir('/proc/%d/fd' % self.server.pid))
            before = sockets()
            idle.grow_to(50)
            idle.grow_to(120)
            self.assertEqual(sockets(), before + 120)
            idle.finish()

    def test_tells_when_idle_connections_ended(self):
        with processes.IdleConnections(GENERATOR, self.server.target) as idle:
            idle.grow_to(3)
            self.server.__exit__()
            with self.assertRaisesRegex(processes.ProcessError, 'exit code 1'):
                idle.finish()

    def test_keeps_to_a_rate(self):
        result = processes.generate(GENERATOR, self.server.target, [
            '--mode=open_loop', '--rate=2000', '--connections=4', '--warm_up=0s', '--duration=1s'])
        self.assertAlmostEqual(result['replies'] + result['unsent'], 2000, delta=10)
        self.assertEqual(result['refused'], 0)

    def test_counts_connections_that_come_and_go(self):
        result = processes.generate(GENERATOR, self.server.target, [
            '--mode=churn', '--connections=4', '--warm_up=0s', '--duration=30s', '--count=100'])
        self.assertGreaterEqual(result['replies'], 100)
        self.assertEqual(result['resumed'], 0)

    def test_resumes_the_session_of_the_connection_before(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([CERTIFICATES, folder], check=True, stdout=subprocess.DEVNULL)
            path = lambda name: os.path.join(folder, name)
            with processes.LimitResponder(LIMIT, [path('server.pem'), path('server.key'),
                                                  path('ca.pem')]) as server:
                result = processes.generate(GENERATOR, server.target, [
                    '--mode=churn', '--connections=2', '--resume', '--transport=TLS',
                    '--ca_file=' + path('ca.pem'), '--warm_up=0s', '--duration=30s', '--count=20',
                    '--certificate_file=' + path('client-edge.pem'),
                    '--key_file=' + path('client-edge.key')])
        self.assertGreaterEqual(result['resumed'], 18)

    def test_finds_the_port_that_a_process_listens_on(self):
        self.assertEqual({int(self.server.target.split(':')[1])},
                         processes.listening_ports(self.server.pid))


class FiguresTest(unittest.TestCase):

    def test_cpu_is_of_server_and_application_together(self):
        sample = bench.derive(figures([0.5, 0.25]))
        self.assertAlmostEqual(sample['cpu_us'], 7.5)
        self.assertAlmostEqual(sample['application_us'], 2.5)

    def test_a_sample_is_quiet_up_to_the_bound(self):
        self.assertTrue(bench.derive(figures([0.5], machine=0.89))['quiet'])
        self.assertFalse(bench.derive(figures([0.5], machine=0.91))['quiet'])
        self.assertFalse(bench.derive(figures([0.5], machine=0.75, stolen=0.16))['quiet'])

    def test_slope_ignores_what_the_process_has_anyway(self):
        readings = {1000: {'Pss': 9000}, 2000: {'Pss': 11000}, 5000: {'Pss': 17000}}
        self.assertAlmostEqual(report.slope_kib(readings), 2.0)

    def test_ratios_are_of_the_same_round(self):
        works = [one for one in work.WORKS if one.key in ('limit_c16w8', 'automatic_c16w8')]
        samples = {'limit_c16w8': [bench.derive(figures([value])) for value in (1.0, 2.0, 4.0)],
                   'automatic_c16w8': [bench.derive(figures([value]))
                                       for value in (3.0, 6.0, 12.0)]}
        row = report.summarize(works, samples)['automatic_c16w8']
        self.assertEqual(row['times_limit'], {'median': 3.0, 'min': 3.0, 'max': 3.0})
        self.assertEqual([one['verdict'] for one in row['verdicts']],
                         ['MISSED', 'MISSED', 'not measured', 'MISSED'])

    def test_latency_has_no_verdict_without_a_quiet_sample(self):
        works = [one for one in work.WORKS if one.key == 'attach_c1w1']
        loud = bench.derive(figures([0.1, 0.1], machine=2.0))
        rows = report.summarize(works, {'attach_c1w1': [loud]})
        self.assertEqual({one['verdict'] for one in rows['attach_c1w1']['verdicts']},
                         {'no quiet sample'})
        self.assertIn('*', tables.works(rows))

    def test_how_much_less_than_a_rival_is_the_reverse_ratio(self):
        works = [one for one in work.WORKS if one.key in ('kamailio_c16w8', 'automatic_c16w8')]
        rows = report.summarize(works, {'kamailio_c16w8': [bench.derive(figures([1.2]))],
                                        'automatic_c16w8': [bench.derive(figures([0.3]))]})
        row = rows['automatic_c16w8']
        self.assertAlmostEqual(row['times_less_kamailio']['median'], 4.0)
        self.assertEqual({one['budget']: one['verdict'] for one in row['verdicts']}[
            'P1 times_less_kamailio ≥ 3.3'], 'holds')

    def test_every_ratio_is_to_a_work_of_the_list_before_it(self):
        known = set()
        for one in (*work.WORKS, *work.HANDSHAKES, *work.GROWTH):
            self.assertLessEqual({other for _, other in one.ratios}, known, one.key)
            known.add(one.key)

    def test_a_node_carries_what_its_memory_and_cpu_allow(self):
        found = {'idle': {'idle_tcp': {'pss_kib_each': 0.6}},
                 'rows': {'attach_c16w8': {'cpu_us': {'median': 5.6}}}}
        carried = scale.node(found, cores=10, gib=10)
        self.assertAlmostEqual(carried['idle TCP connections'][0], 0.7 * 10 * 2 ** 20 / 5.0)
        self.assertAlmostEqual(
            carried['requests/s through Attach, application on the same node'][0], 7e6 / 5.6)


class StandIn:
    """A bench whose server answers `capacity` requests/s and refuses the rest."""

    def __init__(self, capacity):
        self._capacity = capacity

    def at_rate(self, _served_by, rate, duration):
        answered = min(rate, self._capacity(rate))
        return {**bench.derive(figures([0.1])), 'requests_per_second': answered,
                'seconds': duration, 'refused': (rate - answered) * duration, 'unsent': 0,
                'p50_us': 900.0, 'p99_us': 2500.0, 'pss_kib': [20480, 20480]}


class OverloadTest(unittest.TestCase):

    def verdicts(self, capacity):
        row = trials.overload(StandIn(capacity), 'attach', 'any', peak=1000, duration=2)
        return {one['budget']: one['verdict'] for one in row['verdicts']}

    def test_holds_when_throughput_stays_at_twice_the_peak(self):
        self.assertEqual(set(self.verdicts(lambda rate: 1000).values()), {'holds'})

    def test_is_missed_when_it_falls(self):
        said = self.verdicts(lambda rate: 1000 if rate < 1800 else 890)
        self.assertEqual(said['overload kept_throughput ≥ 0.9'], 'MISSED')


class DocumentTest(unittest.TestCase):

    def test_replaces_what_stands_between_the_comments_only(self):
        with tempfile.NamedTemporaryFile('w+', suffix='.md', encoding='utf-8') as file:
            file.write('before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n')
            file.flush()
            document.replace_between(file.name, 'figures', 'new')
            file.seek(0)
            self.assertEqual(file.read(), 'before\n<!-- figures -->\nnew\n'
                                          '<!-- end of figures -->\nafter\n')


if __name__ == '__main__':
    unittest.main()
