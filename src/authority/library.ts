// The library that reads requests and writes certificates, set to Node's own cryptography. Loaded with the first that are asked for: most Gatehouses never do.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as unknown as Crypto)

export { x509 }
