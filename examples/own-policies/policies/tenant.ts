// The tenant of a request: written by acme-tenant, read by whoever comes behind it.
import { slot } from 'gatehouse/policy'

export const Tenant = slot<string>('AcmeTenant')
