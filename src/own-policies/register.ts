// Preloaded by `gatehouse policy test`: what a test imports as gatehouse/policy is this program's.
import { hookModules } from './modules.ts'

hookModules()
