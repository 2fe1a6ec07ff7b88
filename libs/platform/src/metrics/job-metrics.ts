import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';
import { Metrics } from './metrics';

/** How durable work ended. */
export type JobEnd = 'done' | 'not-yet' | 'failed';

@Injectable()
export class JobMetrics {
  private readonly runs: Histogram<'job' | 'end'>;

  constructor(metrics: Metrics) {
    this.runs = new Histogram({
      name: 'job_duration_seconds',
      help: 'Time a run of a durable job took, by how it ended',
      labelNames: ['job', 'end'] as const,
      buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 11, 30, 120],
      registers: [metrics.registry],
    });
  }

  started(job: string): (end: JobEnd) => void {
    const stop = this.runs.startTimer({ job });
    return (end) => {
      stop({ end });
    };
  }
}
