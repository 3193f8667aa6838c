import type { JsonObject } from './json.ts';
import { objectsIn, reach, strings } from './statement-values.ts';

/** Claims of SLSA provenance before empty ones are left out. */
type Values = Readonly<Record<'slsa_builder' | 'build_type' | 'source_uri' | 'source_sha', readonly string[]>>;

/** Where something was built from, verbatim, and its commits. */
interface Source {
  readonly uri: string;
  readonly commits: readonly string[];
}

/** The layouts by predicate type; v1 was `v1.0?draft` in its drafts. */
const LAYOUTS: readonly (readonly [RegExp, (predicate: JsonObject) => Values])[] = [
  [/^https:\/\/slsa\.dev\/provenance\/v0\.1$/, readV01],
  [/^https:\/\/slsa\.dev\/provenance\/v0\.2$/, readV02],
  [/^https:\/\/slsa\.dev\/provenance\/v1(\.0)?(\?draft)?$/, readV1],
];

/**
 * What SLSA provenance (slsa.dev, provenance v0.1, v0.2, v1) says of builder and source, in each predicate once for each of its layouts
 * that a type names; nothing for other predicate types.
 */
export function provenanceClaims(
  predicateTypes: readonly string[],
  predicates: readonly JsonObject[],
): readonly Values[] {
  // Found once: both types and predicates may be many.
  const layouts = LAYOUTS.filter(([type]) => predicateTypes.some((each) => type.test(each)));
  return predicates.flatMap((predicate) => layouts.map(([, read]) => read(predicate)));
}

function readV01(predicate: JsonObject): Values {
  const materials = objectsIn(reach(predicate, 'materials'));
  // Each once: a name has thousands of spellings, and all of them may point at one material.
  const places = new Set(reach(predicate, 'recipe', 'definedInMaterial'));
  const declared = [...places].map((place) => (typeof place === 'number' ? materials[place] : null));
  return {
    slsa_builder: strings(reach(predicate, 'builder', 'id')),
    build_type: strings(reach(predicate, 'recipe', 'type')),
    ...sourceClaims([...sourcesIn(declared), ...gitSources(materials)]),
  };
}

function readV02(predicate: JsonObject): Values {
  const declared = reach(predicate, 'invocation', 'configSource');
  const materials = objectsIn(reach(predicate, 'materials'));
  return {
    slsa_builder: strings(reach(predicate, 'builder', 'id')),
    build_type: strings(reach(predicate, 'buildType')),
    ...sourceClaims([...sourcesIn(declared), ...gitSources(materials)]),
  };
}

function readV1(predicate: JsonObject): Values {
  // As slsa-github-generator names its source, in its drafts too, and as GitHub does.
  const generator = reach(predicate, 'buildDefinition', 'externalParameters', 'source');
  const draft = reach(predicate, 'buildDefinition', 'externalParameters', 'source', 'artifact');
  const github = reach(predicate, 'buildDefinition', 'externalParameters', 'workflow', 'repository');
  const dependencies = objectsIn(reach(predicate, 'buildDefinition', 'resolvedDependencies'));
  return {
    slsa_builder: strings(reach(predicate, 'runDetails', 'builder', 'id')),
    build_type: strings(reach(predicate, 'buildDefinition', 'buildType')),
    ...sourceClaims([
      ...sourcesIn([...generator, ...draft]),
      ...strings(github).map((uri) => ({ uri, commits: [] })),
      ...gitSources(dependencies),
    ]),
  };
}

/**
 * Those that name a git repository. Tools that were taken from one have the digest of something else (a binary, a container) instead
 * of a commit; only where no commit is named at all they are not told apart.
 */
function gitSources(dependencies: readonly JsonObject[]): readonly Source[] {
  const sources = sourcesIn(dependencies).filter(({ uri }) => uri.startsWith('git+'));
  const committed = sources.filter(({ commits }) => commits.length > 0);
  return committed.length > 0 ? committed : sources;
}

function sourcesIn(references: readonly unknown[]): readonly Source[] {
  return references.flatMap((reference) => {
    const commits = strings([...reach(reference, 'digest', 'gitCommit'), ...reach(reference, 'digest', 'sha1')]);
    return strings(reach(reference, 'uri')).map((uri) => ({ uri, commits }));
  });
}

/** Where sources differ all are given: which of them a verifier looks at is not for us to guess. */
function sourceClaims(sources: readonly Source[]): Pick<Values, 'source_uri' | 'source_sha'> {
  const uris = [...new Set(sources.map(({ uri }) => uri))];
  const withRef = new Set(uris.filter((uri) => refOf(uri) !== null).map(repositoryOf));
  return {
    // The same repository, said once with a ref and once without, is one source.
    source_uri: uris.filter((uri) => refOf(uri) !== null || !withRef.has(repositoryOf(uri))),
    source_sha: sources.flatMap(({ commits }) => commits),
  };
}

/** The ref behind the last `@`; null where there is none. */
function refOf(uri: string): string | null {
  const at = uri.lastIndexOf('@');
  return at !== -1 && uri.startsWith('refs/', at + 1) ? uri.slice(at + 1) : null;
}

function repositoryOf(uri: string): string {
  const start = uri.startsWith('git+') ? 'git+'.length : 0;
  const ref = refOf(uri);
  return uri.slice(start, ref === null ? undefined : uri.length - ref.length - 1);
}
