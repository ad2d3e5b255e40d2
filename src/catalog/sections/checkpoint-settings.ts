// The `settings.checkpoints` section: how often the trail's checkpoint is signed, and which places outside of the store remember it.
import { checked, duration, object, optional, type Schema, string, withDefault } from '../../base/schema.ts'
import { parseNoteKey, WITNESS_KEY } from '../../trail/note-key.ts'

/** `url` reads an address that something is sent to. */
export const checkpointSettings = (url: Schema<string>) =>
  object(
    {
      every: withDefault(duration({ minMs: 1000, maxMs: 86_400_000, describe: 'How often.' }), '1h'),
      file: optional(
        string({
          pattern: /^[^\0]+$/,
          maxLength: 4096,
          means: 'a path',
          describe: 'A file that only grows, relative to this file: on a disk that another person keeps.',
        }),
      ),
      webhook: optional(url),
      witness: optional(
        object(
          {
            url,
            key: checked(string({ maxLength: 512, means: 'the key of a witness', describe: 'Its public key, as NAME+ID+BASE64.' }), (text) =>
              parseNoteKey(text)?.type === WITNESS_KEY
                ? undefined
                : { code: 'bad-witness-key', message: 'this is not the public key of a witness: it is told by the witness, as NAME+ID+BASE64' },
            ),
          },
          'Another Gatehouse, or whoever else speaks c2sp.org/tlog-witness, that signs too: `add-checkpoint` is asked for below `url`.',
        ),
      ),
    },
    'Signed checkpoints of the trail. One that is remembered outside of the store shows when its history was altered.',
  )
