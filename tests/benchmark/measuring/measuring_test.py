"""The measuring tool, tried on the limit program; and the figures it derives."""

import os
import unittest

from measuring import bench, processes, report, work

LIMIT = 'tests/benchmark/load/limit_responder'
GENERATOR = 'tests/benchmark/load/load_generator'
SHORT = ['--warm_up=0s', '--duration=30s', '--connections=4', '--window=4']


def figures(cpu, seconds=1.0, machine=1.0, replies=100000, stolen=0.0):
    return {'seconds': seconds, 'replies': replies, 'watched_cpu_seconds': cpu,
            'generator_cpu_seconds': 0.25, 'machine_cpu_seconds': machine, 'p50_us': 1.0,
            'p99_us': 2.0, 'requests_per_second': replies / seconds, 'stolen_seconds': stolen}


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
                   'automatic_c16w8': [bench.derive(figures([value])) for value in (3.0, 6.0, 12.0)]}
        row = report.summarize(works, samples)['automatic_c16w8']
        self.assertEqual(row['times_limit'], {'median': 3.0, 'min': 3.0, 'max': 3.0})
        self.assertEqual([one['verdict'] for one in row['verdicts']], ['MISSED'] * 3)

    def test_latency_has_no_verdict_without_a_quiet_sample(self):
        works = [one for one in work.WORKS if one.key == 'attach_c1w1']
        loud = bench.derive(figures([0.1, 0.1], machine=2.0))
        rows = report.summarize(works, {'attach_c1w1': [loud]})
        self.assertEqual({one['verdict'] for one in rows['attach_c1w1']['verdicts']},
                         {'no quiet sample'})
        self.assertIn('*', report.table(rows, {}))


if __name__ == '__main__':
    unittest.main()
