/**
 * Of the findings `f`, those of signers that can be trusted and that the watch selected: what its detectors go by. Whoever
 * re-signed what a watch follows was not selected by it.
 */
export const IS_TRUSTED = `f.verdict IN ('expected', 'unexpected', 'observed')
  AND f.resigned IS NULL`;
