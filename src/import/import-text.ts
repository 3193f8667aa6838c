import { readClusterImagePolicy } from './cluster-image-policy.ts';
import { hasCommandLines, readCommandLines } from './command-lines.ts';
import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';
import { isGitHubWorkflow, readGitHubWorkflow } from './github-workflow.ts';
import type { KeyFiles } from './key-file.ts';
import { readKyvernoClusterPolicy } from './kyverno-cluster-policy.ts';
import { readKyvernoImagePolicy } from './kyverno-image-policy.ts';
import { isRekorMonitor, readRekorMonitor } from './rekor-monitor.ts';
import { readDocuments } from './yaml-documents.ts';

/** What a file may be. */
export const FORMATS =
  'a rekor-monitor configuration, a Kyverno ClusterPolicy or ImageValidatingPolicy, a policy-controller ClusterImagePolicy, or commands of cosign or slsa-verifier';

/**
 * Adds what a text says to a draft: YAML by its `apiVersion` and `kind` or its keys, any other text by the commands in it. Throws
 * SyntaxError for YAML that is none, and for a text that is none of {@link FORMATS}.
 */
export function importText(text: string, file: string, draft: ImportDraft, files: KeyFiles): void {
  const before = draft.sources.length;
  if (looksLikeYaml(text)) {
    for (const document of readDocuments(text, file)) {
      readDocument(document, draft, files);
    }
  } else if (hasCommandLines(text)) {
    readCommandLines(text, file, draft, files);
  }
  if (draft.sources.length === before) {
    throw new SyntaxError(`Cannot import "${file}": it is nothing that is known here, expected ${FORMATS}`);
  }
}

/** A key that all of the formats in YAML have at their root, or JSON. */
function looksLikeYaml(text: string): boolean {
  return /^(?:(?:--- *)?\{|["']?(?:apiVersion|kind|monitoredValues|jobs)["']? *:)/m.test(text);
}

function readDocument(document: Cursor, draft: ImportDraft, files: KeyFiles): void {
  const group = document.at('apiVersion').text().split('/')[0];
  const kind = document.at('kind').text();
  if (group === 'kyverno.io' && /^(?:Cluster)?Policy$/.test(kind)) {
    readKyvernoClusterPolicy(document, draft);
  } else if (group === 'policies.kyverno.io' && /^(?:Namespaced)?Image(?:Validating|Verification)Policy$/.test(kind)) {
    readKyvernoImagePolicy(document, draft);
  } else if (group === 'policy.sigstore.dev' && kind === 'ClusterImagePolicy') {
    readClusterImagePolicy(document, draft);
  } else if (isRekorMonitor(document)) {
    readRekorMonitor(document, draft);
  } else if (isGitHubWorkflow(document)) {
    readGitHubWorkflow(document, draft, files);
  } else {
    draft.note(
      document.origin,
      `${kind === '' ? 'this document' : `kind ${kind}`} is no policy that is known here and was left out`,
    );
  }
}
