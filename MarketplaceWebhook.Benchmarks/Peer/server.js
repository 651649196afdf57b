import { randomUUID } from 'node:crypto';
import { QueueServiceClient } from '@azure/storage-queue';
import express from 'express';

const queue = QueueServiceClient.fromConnectionString(process.env.AzureWebJobsStorage).getQueueClient('marketplace-notifications');
const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const app = express();

app.post('/api/cyclr/marketplace', express.text({ type: () => true, limit: '1mb' }), async (request, response) => {
  const notificationId = randomUUID();
  const receivedAt = new Date().toISOString();
  const errors = validate(request.body);
  if (Object.keys(errors).length > 0) {
    response.status(400).type('application/problem+json').send({ title: 'Bad Request', status: 400, notificationId, errors });
    return;
  }

  const envelope = JSON.stringify({ v: 1, notificationId, receivedAt, source: 'default', payload: request.body });
  await queue.sendMessage(Buffer.from(envelope).toString('base64'), { messageTimeToLive: -1 });
  response.status(202).json({ notificationId, receivedAt });
});

function validate(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return { body: ['is not JSON.'] };
  }

  const errors = {};
  if (typeof body?.Status !== 'string') errors.Status = ['is required.'];
  if (!guid.test(body?.AccountId)) errors.AccountId = ['is required: a GUID.'];
  if (!Number.isInteger(body?.MarketplaceIntegrationPackageId)) errors.MarketplaceIntegrationPackageId = ['is required: an integer.'];
  return errors;
}

app.listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
