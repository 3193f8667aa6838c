import { hasCommandLines, readCommandLines } from './command-lines.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import type { KeyFiles } from './key-file.ts';
import { isRekorMonitor, readRekorMonitor } from './rekor-monitor.ts';
import { readDocuments } from './yaml-documents.ts';

/** Whether a document is a workflow of GitHub Actions. */
export function isGitHubWorkflow(document: Cursor): boolean {
  return document.at('jobs').keys().length > 0;
}

/** Reads what the jobs of a workflow hand to rekor-monitor, and the commands of their steps that verify something. Throws SyntaxError. */
export function readGitHubWorkflow(workflow: Cursor, draft: ImportDraft, files: KeyFiles): void {
  for (const name of workflow.at('jobs').keys()) {
    const job = workflow.at('jobs', name);
    if (job.at('uses').text().includes('rekor-monitor')) {
      readMonitor(job.at('with'), draft);
    }
    for (const step of job.at('steps').items()) {
      const run = step.at('run');
      if (hasCommandLines(run.text())) {
        readCommandLines(run.text(), run.origin.file, draft, files, linesBefore(run));
      }
    }
  }
}

function readMonitor(inputs: Cursor, draft: ImportDraft): void {
  const config = inputs.at('config');
  for (const document of config.isSet ? readDocuments(config.text(), config.origin.file, linesBefore(config)) : []) {
    if (isRekorMonitor(document)) {
      readRekorMonitor(document, draft);
    }
  }
  if (inputs.at('url').isSet) {
    draft.note(
      inputs.at('url').origin,
      `the log ${inputs.at('url').text()}: logs of the trust source are followed by themselves, another belongs to logs.custom`,
    );
  }
}

/** Of a text in several lines the first stands below its key. */
function linesBefore(at: Cursor): number {
  return at.text().includes('\n') ? at.origin.line : at.origin.line - 1;
}
