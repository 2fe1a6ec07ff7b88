import { runInNewContext } from 'node:vm';
import { times } from '@biz/testing';
import { gather } from './gather';

/** Work that ends when the test says so. */
function held() {
  const calls: { questions: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const work = (questions: readonly number[]): Promise<(string | Error)[]> =>
    new Promise((resolve, reject) => {
      calls.push({
        questions,
        end: () => {
          resolve(questions.map((question) => (question < 0 ? new Error(`no ${question}`) : `answer ${question}`)));
        },
        fail: reject,
      });
    });
  return { calls, work };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

it('sends what came in one turn together, and answers each with its own', async () => {
  const { calls, work } = held();
  const ask = gather(work, { size: 32, inFlight: 2 });
  const answers = Promise.all([ask(1), ask(2), ask(2)]);
  await turn();
  expect(calls.map(({ questions }) => questions)).toEqual([[1, 2, 2]]);
  calls[0]?.end();
  expect(await answers).toEqual(['answer 1', 'answer 2', 'answer 2']);
});

it('sends a lone question at once, and gathers the rest only while every call is under way', async () => {
  const { calls, work } = held();
  const ask = gather(work, { size: 32, inFlight: 2 });
  for (const question of [1, 2, 3, 4, 5]) {
    void ask(question);
    await turn();
  }
  expect(calls.map(({ questions }) => questions)).toEqual([[1], [2]]);
  calls[1]?.end();
  await turn();
  expect(calls.map(({ questions }) => questions)).toEqual([[1], [2], [3, 4, 5]]);
});

it('never answers from a call that began before the question came', async () => {
  const { calls, work } = held();
  const ask = gather(work, { size: 32, inFlight: 1 });
  void ask(7);
  await turn();
  const later = ask(7);
  calls[0]?.end();
  await turn();
  expect(calls).toHaveLength(2);
  calls[1]?.end();
  expect(await later).toBe('answer 7');
});

it('gives one call no more than its size', async () => {
  const { calls, work } = held();
  const ask = gather(work, { size: 2, inFlight: 1 });
  const answers = Promise.all(times(5, (at) => ask(at)));
  await turn();
  for (let at = 0; at < 3; at++) {
    calls[at]?.end();
    await turn();
  }
  expect(calls.map(({ questions }) => questions)).toEqual([[0, 1], [2, 3], [4]]);
  expect(await answers).toHaveLength(5);
});

it('throws an error to the one who asked, not to the neighbours', async () => {
  const { calls, work } = held();
  const ask = gather(work, { size: 32, inFlight: 1 });
  const answers = Promise.allSettled([ask(1), ask(-1)]);
  await turn();
  calls[0]?.end();
  expect(await answers).toMatchObject([{ value: 'answer 1' }, { reason: { message: 'no -1' } }]);
});

it('asks each alone when a call fails as a whole', async () => {
  const seen: number[][] = [];
  const ask = gather(
    (questions: readonly number[]) => {
      seen.push([...questions]);
      return questions.includes(13) ? Promise.reject(new Error('unlucky')) : Promise.resolve(questions.map(String));
    },
    { size: 32, inFlight: 1 },
  );
  const answers = await Promise.allSettled([ask(1), ask(13), ask(2)]);
  expect(answers).toMatchObject([{ value: '1' }, { reason: { message: 'unlucky' } }, { value: '2' }]);
  expect(seen).toEqual([[1, 13, 2], [1], [13], [2]]);
});

it('throws what a call throws, also what is no Error of this realm, such as an error of Node while Jest runs', async () => {
  const foreign: unknown = runInNewContext('new Error("refused")');
  const ask = gather(() => Promise.reject(foreign as Error), { size: 32, inFlight: 1 });
  expect(foreign).not.toBeInstanceOf(Error);
  for (const given of [[1], [1, 2]]) {
    const answers = await Promise.allSettled(given.map(ask));
    expect(answers).toEqual(given.map(() => ({ status: 'rejected', reason: foreign })));
  }
});
