// The stages of a request, in the one order that is safe. Order is never the accident of a file or of registration.

/**
 * | stage     | asks                                             | stands here because |
 * |-----------|--------------------------------------------------|---------------------|
 * | admit     | may this address, method, size come in at all    | cheap, and needs no identity: floods die before cryptography |
 * | identify  | who is it                                        | nothing after it may guess |
 * | authorize | may they do this                                 | needs who |
 * | limit     | how often                                        | counted per caller, and only for callers that may |
 * | inspect   | is the content what the contract says            | costly: only for callers within their limits |
 * | shape     | rewrite, cache, canary                           | changes only what was inspected |
 * | observe   | record                                           | cannot change the answer |
 */
export const STAGES = ['admit', 'identify', 'authorize', 'limit', 'inspect', 'shape', 'observe'] as const
export type Stage = (typeof STAGES)[number]

export const stageOrder = (stage: Stage): number => STAGES.indexOf(stage)
