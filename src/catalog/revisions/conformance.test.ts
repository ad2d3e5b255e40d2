// The catalog on the store in memory, held against the model.
import { MemoryStore } from '../../adapters/memory/store.ts'
import { catalogSuite } from './conformance/suite.ts'

catalogSuite({ name: 'the store in memory', open: async () => new MemoryStore(), close: (store) => store.close() })
