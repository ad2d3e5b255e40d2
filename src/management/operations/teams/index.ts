// The operations on teams, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { createTeam } from './create-team.ts'
import { getTeam } from './get-team.ts'
import { listTeams } from './list-teams.ts'
import { removeTeam } from './remove-team.ts'
import { tellContactKey } from './tell-contact-key.ts'
import { updateTeam } from './update-team.ts'

export const teamsOperations: readonly AnyOperation[] = [createTeam, getTeam, listTeams, removeTeam, tellContactKey, updateTeam]
