// The operations on consumers, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { createConsumer } from './create-consumer.ts'
import { getConsumer } from './get-consumer.ts'
import { listConsumers } from './list-consumers.ts'
import { removeConsumer } from './remove-consumer.ts'
import { subscribeConsumer } from './subscribe-consumer.ts'
import { unsubscribeConsumer } from './unsubscribe-consumer.ts'
import { updateConsumer } from './update-consumer.ts'

export const consumersOperations: readonly AnyOperation[] = [
  createConsumer,
  getConsumer,
  listConsumers,
  removeConsumer,
  subscribeConsumer,
  unsubscribeConsumer,
  updateConsumer,
]
