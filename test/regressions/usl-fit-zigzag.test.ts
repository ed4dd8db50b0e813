import { expect, it } from 'vitest';
import { fitUsl, usl } from '../../src/model/index.ts';

// Found by the property in test/model/usl.test.ts, seed -2007746098: on points far from the law the
// descent jumped to and fro across the valley and stopped beside its bottom after 500 steps.
it('reaches the bottom of the valley for points that are far from the law', () => {
  const throughputs = [
    1.401661162862046, 2.3247340683179365, 39.52192098329431, 1, 92.93125394333477,
    1.3816489542392019,
  ];
  const points = throughputs.map((throughput, i) => ({ concurrency: i + 1, throughput }));

  const fit = fitUsl(points);

  const beside = usl({ ...fit, kappa: fit.kappa * 0.999 });
  const errorBeside = points.reduce(
    (sum, { concurrency, throughput }) =>
      sum + (throughput - beside.throughputAt(concurrency)) ** 2,
    0,
  );
  expect(errorBeside).toBeGreaterThanOrEqual(fit.squaredError);
});
