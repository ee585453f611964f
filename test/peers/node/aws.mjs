// The AWS SDK for JavaScript, unmodified. The endpoint comes by
// PEER_ENDPOINT, region and credentials by AWS's own variables.
const packages = {
  kinesis: ["@aws-sdk/client-kinesis", "KinesisClient"],
  cloudwatch: ["@aws-sdk/client-cloudwatch", "CloudWatchClient"],
  logs: ["@aws-sdk/client-cloudwatch-logs", "CloudWatchLogsClient"],
  events: ["@aws-sdk/client-eventbridge", "EventBridgeClient"],
  ssm: ["@aws-sdk/client-ssm", "SSMClient"],
  "bedrock-runtime": ["@aws-sdk/client-bedrock-runtime", "BedrockRuntimeClient"],
};
const clients = new Map();

async function client(api) {
  if (!clients.has(api)) {
    const [name, type] = packages[api];
    const sdk = await import(name);
    clients.set(api, { sdk, client: new sdk[type]({ endpoint: process.env.PEER_ENDPOINT, maxAttempts: 1 }) });
  }
  return clients.get(api);
}

export async function aws(api, operation, input) {
  const { sdk, client: c } = await client(api);
  const { $metadata, ...output } = await c.send(new sdk[operation + "Command"](input));
  return output;
}
