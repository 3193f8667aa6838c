import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainCommand } from '../../src/cli/explain.ts';
import { ExplainStage, LATER, recorded } from '../support/explain-stage.ts';
import { captureIo } from './captured-io.ts';

const RELEASE = { name: 'app-build', select: [{ source_repository: 'your-org/your-repo' }] };
const PLACE = { attestations: { github: true, token: { env: 'GITHUB_TOKEN' } } };

let stage: ExplainStage;

beforeEach(() => {
  stage = new ExplainStage();
});

afterEach(() => {
  stage.close();
});

/** The text, on one line, and the exit status. */
async function explained(): Promise<readonly [status: number, text: string]> {
  const file = stage.write('entry.json', recorded('workflow.json'));
  const io = captureIo();
  const status = await explainCommand(
    [file],
    {},
    { ...io, env: { SIGWATCH_CONFIG: stage.path('sigwatch.yaml') } },
    LATER,
  );
  expect(io.err()).toBe('');
  return [status, io.out().replace(/\s+/g, ' ')];
}

describe('explainCommand(), for a watch whose attestations lie elsewhere', () => {
  it('says that nobody looked for them, instead of accusing the signer', async () => {
    stage.configure([{ ...RELEASE, ...PLACE, expect: { slsa_builder: 'acme/b', source_ref: 'refs/heads/main' } }]);
    const [status, text] = await explained();
    expect(status).toBe(0);
    expect(text).toContain('? unverifiable: what is missing may stand in its attestation, which only the daemon looks');
    expect(text).toContain('✗ slsa_builder absent');
    expect(text).toContain('✓ source_ref refs/heads/main');
    expect(await stage.json([stage.path('entry.json')])).toMatchObject([
      { judgements: [{ verdict: 'unverifiable', awaits: 'attestation', violations: [{ claim: 'slsa_builder' }] }] },
    ]);
  });

  it('accuses who does something else that is not expected', async () => {
    stage.configure([{ ...RELEASE, ...PLACE, expect: { slsa_builder: 'acme/b', source_ref: 'refs/tags/v1' } }]);
    expect((await explained())[0]).toBe(1);
    stage.configure([{ ...RELEASE, expect: { slsa_builder: 'acme/b' } }]);
    expect((await explained())[0]).toBe(1);
  });
});
