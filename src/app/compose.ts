// Where the concrete meets the abstract: which policies come with the program. Only this room names them.
export { policies } from '../policies/index.ts'
