// What Gatehouse tells others: webhooks and mail, put down with the act they tell of, and carried by what the live configuration says.
import { createHash } from 'node:crypto'
import type { EgressOptions } from '../adapters/egress/guarded-egress.ts'
import { mailCourier } from '../adapters/smtp/mail-courier.ts'
import { smtpMailSender } from '../adapters/smtp/smtp-mail-sender.ts'
import { webhookCourier } from '../adapters/webhook/webhook-courier.ts'
import type { Secret } from '../base/secret.ts'
import type { SecretReference } from '../base/secret-reference.ts'
import type { Configuration } from '../catalog/resolving/resolve.ts'
import type { ContactKeys } from '../directory/contact-keys.ts'
import type { Contact } from '../directory/records.ts'
import { getTeam } from '../directory/teams.ts'
import type { Notice } from '../management/plane.ts'
import { Delivery } from '../outbox/delivery.ts'
import { startDelivery } from '../outbox/delivery-loop.ts'
import type { Courier } from '../ports/courier.ts'
import type { Egress } from '../ports/egress.ts'
import type { Envelope } from '../ports/envelope.ts'
import { type Mail, MailFailed, type MailSender } from '../ports/mail.ts'
import type { Store, Writing } from '../ports/store.ts'
import { type WebhookEndpoint, webhookContent } from '../ports/webhook.ts'
import { SecretResolver } from '../secrets/resolver.ts'
import type { ActNotices } from './act-notices.ts'

export interface MessageParts {
  readonly store: Store
  readonly envelope: Envelope
  readonly egress: Egress
  readonly notices: ActNotices
  /** For mail, which opens its own connections. */
  readonly guard: () => EgressOptions
  readonly contactKeys: ContactKeys
  /** As it is live now: an address or a secret that changed holds for what waits already. */
  readonly configuration: () => Pick<Configuration, 'settings' | 'trustStores'>
  /** Of the configuration's file: secrets in files stand below it. */
  readonly folder: string
  readonly environment: (name: string) => Secret | undefined
  readonly nowMs: () => number
  readonly report: (text: string) => void
}

export class Messages {
  readonly delivery: Delivery
  private readonly parts: MessageParts
  private readonly secrets: SecretResolver
  private sender: { readonly of: unknown; readonly trust: unknown; readonly allowed: string; readonly sender: MailSender } | undefined
  private stopDelivery: (() => Promise<void>) | undefined

  constructor(parts: MessageParts) {
    this.parts = parts
    const { store, envelope, egress, nowMs, environment, folder } = parts
    this.secrets = new SecretResolver({ envelope, environment, roots: [folder] })
    const couriers: { readonly [kind: string]: Courier } = {
      webhook: webhookCourier({ egress, nowMs, endpoint: (name) => this.endpoint(name) }),
      contact: webhookCourier({ egress, nowMs, endpoint: (target) => this.contact(target) }),
      mail: mailCourier(() => this.mailSender()),
    }
    this.delivery = new Delivery({ store, envelope, couriers, nowMs })
  }

  start(): void {
    const { store, nowMs, report } = this.parts
    const trouble = (cause: unknown): void => report(`messages wait: ${cause instanceof Error ? cause.message : String(cause)}`)
    this.stopDelivery = startDelivery({ store, delivery: this.delivery, nowMs, trouble })
  }
  /** Waits for what is under way; what waits is carried after the next start. */
  async stop(): Promise<void> {
    await this.stopDelivery?.()
  }

  /** Puts a message down for every webhook that asked for such events, and for each contact, in the caller's transaction. */
  async tell(writing: Writing, { event, data, team, contacts = [], contactsOnly, subject = event, text = subject }: Notice): Promise<void> {
    const { notices } = this.parts
    const nowMs = this.parts.nowMs()
    const content = webhookContent(event, data, nowMs)
    if (!contactsOnly) await notices.event(writing, event, content, nowMs)
    for (const contact of contacts) {
      if (contact.kind === 'mail') {
        const mail: Mail = { to: contact.address, subject, text }
        await notices.put(writing, { kind: 'mail', target: 'default', content: mail, nowMs })
      } else if (team !== undefined) await notices.put(writing, { kind: 'contact', target: contactTarget(team, contact.url), content, nowMs })
    }
  }

  /** A MAC key in base64url; a text says why there is none. */
  async macKey(reference: SecretReference): Promise<Uint8Array | string> {
    const secret = await this.secret(reference)
    if (secret instanceof Error) return secret.message
    const text = secret.reveal().replace(/=+$/, '')
    return /^[A-Za-z0-9_-]{16,1024}$/.test(text) ? Buffer.from(text, 'base64url') : 'it is no base64url of 12 octets or more'
  }

  private async endpoint(name: string): Promise<WebhookEndpoint | undefined> {
    const { settings, trustStores } = this.parts.configuration()
    const webhooks = settings.webhooks ?? {}
    if (!Object.hasOwn(webhooks, name)) return undefined
    const { url, secret, trust } = webhooks[name]!
    const key = await this.secret(secret)
    return { url, keys: key instanceof Error ? [] : [key], ...trustOf(trustStores, trust) }
  }

  /** A contact that was taken out meanwhile is not told any more. */
  private async contact(target: string): Promise<WebhookEndpoint | undefined> {
    const team = await this.parts.store.read((reading) => getTeam(reading, target.slice(0, target.lastIndexOf('.'))))
    const contact = team?.contacts.find(
      (each): each is Extract<Contact, { kind: 'webhook' }> => each.kind === 'webhook' && contactTarget(team.name, each.url) === target,
    )
    return team && contact && { url: contact.url, keys: [this.parts.contactKeys.of(team)] }
  }

  private mailSender(): MailSender | undefined {
    const { settings, trustStores } = this.parts.configuration()
    const { mail } = settings
    if (mail === undefined) return undefined
    const guard = this.parts.guard()
    const { trust } = trustOf(trustStores, mail.trust)
    const allowed = guard.allowPrivate.join()
    const known = this.sender
    if (known && known.of === mail && known.trust === trust && known.allowed === allowed) return known.sender
    const { host, port = 587, tls = 'starttls', from, user, password } = mail
    const security = ({ starttls: 'starttls', implicit: 'tls', off: 'none' } as const)[tls]
    const signIn = async (): Promise<Secret> => {
      const secret = await this.secret(password!)
      if (secret instanceof Error) throw new MailFailed(`the password of the mail server: ${secret.message}`)
      return secret
    }
    const sender = smtpMailSender(
      {
        host,
        port,
        security,
        from: { address: from },
        ...(user !== undefined && { login: { user, password: signIn } }),
        ...(trust !== undefined && { trust }),
      },
      guard,
    )
    this.sender = { of: mail, trust, allowed, sender }
    return sender
  }

  private async secret(reference: SecretReference): Promise<Secret | Error> {
    const { store, folder, report } = this.parts
    const found = await store.read((reading) => this.secrets.resolve(reading, reference, { kind: 'file', folder }))
    if (!('refused' in found)) return found
    report(`a message waits: ${found.message}`)
    return new Error(found.message)
  }
}

/** A name for the outbox that tells nobody the URL, which may hold a secret of its receiver. */
const contactTarget = (team: string, url: string): string => `${team}.${createHash('sha256').update(url).digest('hex').slice(0, 24)}`
const trustOf = (stores: Configuration['trustStores'], name: string | undefined): { readonly trust?: string } =>
  name === undefined ? {} : { trust: (stores[name] ?? []).join('\n') }
