// The store in memory, for the tests of rooms on the adapters' own floor.
export { MemoryStore } from '../../src/adapters/memory/store.ts'
