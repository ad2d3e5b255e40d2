// Refusals that several operations on drafts share.
import type { RefusalDeclaration } from '../../operation.ts'

export const OWNED_BY_FILE: RefusalDeclaration = {
  status: 409,
  says: 'The file owns this object.',
  mend: 'Edit the file that Gatehouse was started with, or take the object out of it first. Nothing is owned twice.',
}
export const BEYOND_REACH: RefusalDeclaration = {
  status: 403,
  says: 'With this, the API would belong to others, or be made of what does.',
  mend: 'Name one of your own teams as its owner, and an OpenAPI document that only your own APIs refer to. Who reaches all APIs can hand one over.',
}
export const DRAFT_TOO_LARGE: RefusalDeclaration = {
  status: 409,
  says: 'A draft cannot hold that much.',
  mend: 'Publish what it holds, and go on in another one.',
}
