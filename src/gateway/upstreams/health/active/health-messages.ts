// The two messages of the gRPC health protocol (grpc.health.v1) in protobuf's wire form, each in the frame that gRPC puts around a message.

/** HealthCheckResponse.ServingStatus. */
export const SERVING = 1

/** `HealthCheckRequest { string service = 1 }`, uncompressed. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  // proto3: the default value is not sent.
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** `HealthCheckResponse { ServingStatus status = 1 }`: its status, or undefined when these octets are not one whole message. */
export function healthStatus(octets: Uint8Array): number | undefined {
  const frame = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  if (frame.length < 5 || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - 5) return undefined
  let status = 0
  let at = 5
  const read = (): number | undefined => {
    let value = 0
    for (let factor = 1, i = 0; i < 10 && at < frame.length; i++, factor *= 128) {
      const octet = frame[at++]!
      value += (octet & 127) * factor
      if (octet < 128) return value
    }
    return undefined
  }
  while (at < frame.length) {
    const tag = read()
    if (tag === undefined || tag < 8 || tag > 0xffff_ffff) return undefined
    // Fields that are not known are passed over by their wire type, as protobuf asks of every reader.
    switch (tag % 8) {
      case 0: {
        const value = read()
        if (value === undefined) return undefined
        if (tag === 8) status = value
        break
      }
      case 1:
        at += 8
        break
      case 2: {
        const length = read()
        if (length === undefined) return undefined
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        return undefined
    }
  }
  return at === frame.length ? status : undefined
}

function varint(value: number): number[] {
  const octets: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...octets, rest]
    octets.push((rest % 128) + 128)
  }
}
