// What every operation owes its tests: a request that succeeds, who may send it, and a request for each of its refusals.
import type { ControlClient, Sent } from './control-client.ts'
import type { Asker, World } from './world.ts'

/** `path` is below /api/v1; the method is the operation's. */
export interface Asked extends Omit<Sent, 'as'> {
  readonly path: string
}
export interface Scenario {
  /**
   * Who may, written by hand, never computed: `owner administrator ada bob auditor viewer nobody admin token stranger`. `ada` owns what belongs to the
   * team reds, and what `good` asks for belongs to reds where it belongs to a team at all. `bob` is of the blues: he is listed only where the operation
   * is about nobody's API, or filters what it tells.
   */
  readonly may: string
  /** Prepares the world, and answers a request that succeeds for whoever may. Called once for each asker, in a world of its own. */
  good(world: World, asker: Asker): Promise<Asked> | Asked
  /** By the operation's own refusals, each declared one: what brings it about, and who asks (default: the owner). */
  readonly refusals: { readonly [code: string]: (world: World) => Promise<Asked & { readonly asker?: Asker }> | (Asked & { readonly asker?: Asker }) }
  /** Where only some requests take a recent sign-in: one that does. Default: `good`. */
  readonly notRecent?: (world: World) => Promise<Asked> | Asked
  /**
   * Where the operation reaches only one's own: the same as `good` about an API of the blues. `ada` asks, and gets 404 `management.unknown`. For an
   * operation that filters instead, `hides` says what must not stand in her answer.
   */
  readonly foreign?: (world: World) => Promise<Asked & { readonly hides?: string }> | (Asked & { readonly hides?: string })
}
/** Whoever has signed in; and really everybody. */
export const EVERY_PERSON = 'owner administrator ada bob auditor viewer nobody'
export const EVERYBODY = `${EVERY_PERSON} admin token stranger`
/** By operation name. */
export type Scenarios = { readonly [operation: string]: Scenario }

export type Told = Awaited<ReturnType<ControlClient['send']>>
