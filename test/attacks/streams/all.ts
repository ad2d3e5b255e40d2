// Every hostile connection of HTTP/2 there is.
import type { HostileStream } from '../hostile-stream.ts'
import { streamBodies } from './bodies.ts'
import { streamCompression } from './compression.ts'
import { streamFields } from './fields.ts'
import { streamFrames } from './frames.ts'

export const hostileStreams: readonly HostileStream[] = [...streamFields, ...streamBodies, ...streamFrames, ...streamCompression]
