import { eventually } from '@biz/testing';
import { Bucket, refuse } from '../../../libs/capture/test/bucket';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';

describe('the image app whose store is a bucket', () => {
  const environment = { ...process.env };
  let bucket: Bucket;
  let gallery: Gallery;
  let stage: Stage;

  beforeAll(async () => {
    bucket = await Bucket.start();
    // Where the SDK looks for them, whatever the app's own configuration is.
    Object.assign(process.env, bucket.environment);
    gallery = await Gallery.open({ IMAGE_STORE: 's3://pictures/shop' });
    ({ stage } = gallery);
  });
  afterAll(async () => {
    await gallery.close();
    bucket.close();
    process.env = environment;
  });

  const content = [jpeg(150_000), jpeg(900), jpeg(70_000)];
  const capture = async (relayId: string): Promise<string> => {
    const [original, img_3m, img_1m] = content.map((body) => gallery.image(() => ({ body })));
    await stage.callback(gallery.offer([{ original: original!, img_3m: img_3m!, img_1m: img_1m! }]), relayId);
    return (await stage.reaches(relayId, 'delivered')).id;
  };
  const keysOf = (id: string): string[] => [...bucket.objects.keys()].filter((key) => key.includes(id));

  it('keeps images there, encrypted, hands them out, and erases them', async () => {
    const id = await capture('kept');
    expect(keysOf(id)).toHaveLength(3);
    expect(keysOf(id).every((key) => key.startsWith(`/pictures/shop/${id}/`))).toBe(true);
    const stored = Buffer.concat([...bucket.objects.values()]);
    expect(content.filter((body) => stored.includes(body.subarray(100, 132)))).toEqual([]);
    const files = gallery.filesOf('kept');
    const read = await Promise.all(files.map(async ({ href }) => (await fetch(href!)).arrayBuffer()));
    expect(read.map((body) => content.findIndex((sent) => sent.equals(Buffer.from(body)))).sort()).toEqual([0, 1, 2]);

    await stage.operator('DELETE', `/captures/${id}`);
    await eventually(() => {
      expect(keysOf(id)).toEqual([]);
    });
    expect((await fetch(files[0]!.href!)).status).toBe(410);
  });

  it('says so when it may not erase them there for days', async () => {
    const id = await capture('stays');
    bucket.faults.set('DELETE', (_request, response) => {
      refuse(response, 403, 'AccessDenied');
    });
    await stage.operator('DELETE', `/captures/${id}`);
    // Days later: each try is the last.
    await eventually(async () => {
      await stage.database.query(
        `UPDATE pgboss.job SET start_after = now(), data = jsonb_set(data, '{attempt}', '11')
          WHERE name = 'capture.image.erase' AND state = 'created' AND data->'data'->>'captureId' = $1`,
        [id],
      );
      const said = stage.logs.filter((line) => line.includes('stay in the store'));
      expect(said.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ captureId: id, level: 'error' }]);
    });
    expect(keysOf(id)).toHaveLength(3);
  });
});
