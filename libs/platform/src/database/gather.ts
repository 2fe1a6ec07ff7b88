import DataLoader from 'dataloader';

export interface GatherOptions {
  /** The most that one call of `work` is given. */
  size: number;
  /** How many calls of `work` run at once; below the database pool, so that others find a connection too. */
  inFlight: number;
}

/**
 * Lets what is asked at the same moment share one call of `work`, which answers in the order asked.
 *
 * Whatever arrives in one turn of the event loop goes out together, at once while a call is free; only when all
 * `inFlight` calls are under way does the rest wait and gather. Nothing is cached: an answer comes from a call that
 * began after the question came. An Error among the answers is thrown to the one who asked. When a whole call fails,
 * each of its questions is asked again alone, so that one cannot fail its neighbours: `work` must be repeatable.
 */
export function gather<Question, Answer>(
  work: (questions: readonly Question[]) => Promise<(Answer | Error)[]>,
  { size, inFlight }: GatherOptions,
): (question: Question) => Promise<Answer> {
  let free = inFlight;
  const waiting: (() => void)[] = [];
  const ended = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  const answer = async (questions: readonly Question[]): Promise<(Answer | Error | Thrown)[]> => {
    try {
      return await work(questions);
    } catch (error) {
      if (questions.length === 1) return [new Thrown(error)];
      return await Promise.all(questions.map((question) => alone(work, question)));
    } finally {
      ended();
    }
  };
  const loader = new DataLoader<Question, Answer | Thrown>(answer, {
    cache: false,
    maxBatchSize: size,
    batchScheduleFn: (send) => {
      if (free === 0) waiting.push(send);
      else {
        free--;
        setImmediate(send);
      }
    },
  });
  return async (question) => {
    const answered = await loader.load(question);
    if (answered instanceof Thrown) throw answered.error;
    return answered;
  };
}

/**
 * What a call threw. DataLoader takes any value that is no `Error` of this realm for an answer; an error of Node's own, such
 * as ECONNREFUSED, is none in a virtual machine context, and code may throw anything.
 */
class Thrown {
  constructor(readonly error: unknown) {}
}

async function alone<Question, Answer>(
  work: (questions: readonly Question[]) => Promise<(Answer | Error)[]>,
  question: Question,
): Promise<Answer | Error | Thrown> {
  try {
    return (await work([question]))[0] as Answer | Error;
  } catch (error) {
    return new Thrown(error);
  }
}
