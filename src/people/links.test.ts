// Links: what one lets in to is what its issuer judged, and nothing that its person was given since.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADMIN, granted, PASSWORD, type PeopleRoom, peopleRoom, VISIT } from '../../test/support/people-room.ts'
import { redeemLink } from './passwords.ts'
import { changePerson, invitePerson, issueRecovery } from './people.ts'

const act = <T>(room: PeopleRoom, work: Parameters<typeof room.means.store.write<T>>[0]): Promise<T> => room.means.store.write(work)
const INPUT = { name: 'Grace Example', mail: 'grace@example.org', roles: ['viewer'], teams: [] }

describe('a link that its issuer kept', () => {
  it('is void once its person has other roles, teams or another address', async () => {
    for (const change of [{ roles: ['owner'] }, { teams: ['team-books'] }, { mail: 'ada@example.org' }]) {
      const room = peopleRoom()
      const { link, person } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
      granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, change)))
      assert.deepEqual(await redeemLink(room.means, { secret: link.secret, password: PASSWORD, visit: VISIT }), { refused: 'link-void' })
    }
  })
  it('stays when only the name is another, and can be issued anew', async () => {
    const room = peopleRoom()
    const { person } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
    const { link } = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, [])))
    granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { name: 'Grace Other' })))
    granted(await redeemLink(room.means, { secret: link.secret, password: PASSWORD, visit: VISIT }))
  })
})
