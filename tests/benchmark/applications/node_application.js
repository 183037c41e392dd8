// Answers all requests of an endpoint over Attach, in JavaScript, without a word about each.
//
//   node node_application.js --server=127.0.0.1:50061 --endpoint=endpoints/echo --protos=FOLDER
//
// @grpc/grpc-js and @grpc/proto-loader are looked for in NODE_PATH; FOLDER has proto/sipcm/v1.
'use strict';

const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const CREDIT = 4096;

function parseArguments(words) {
  const values = {};
  for (const word of words) {
    const [, name, value] = word.match(/^--(\w+)=(.*)$/) ?? [];
    if (name !== undefined) values[name] = value;
  }
  for (const name of ['server', 'endpoint', 'protos']) {
    if (values[name] === undefined) throw new Error(`--${name} is missing`);
  }
  return values;
}

function main() {
  const {server, endpoint, protos} = parseArguments(process.argv.slice(2));
  const definition = protoLoader.loadSync('proto/sipcm/v1/messaging.proto', {
    includeDirs: [protos], keepCase: true, longs: Number, enums: String,
  });
  const {Messaging} = grpc.loadPackageDefinition(definition).sipcm.v1;
  const stream = new Messaging(server, grpc.credentials.createInsecure()).Attach();
  stream.write({open: {
    application_name: 'node_application',
    subscriptions: [{
      subscription_id: 1,
      subscribe: {endpoint, view: 'RAW', max_outstanding_count: CREDIT},
    }],
  }});
  const response = {status_code: 200};
  stream.on('data', ({deliveries = []}) => {
    const responses = [];
    for (const {request, started} of deliveries) {
      if (request) responses.push({request_id: request.request_id, response});
      if (started) console.log('answering');
    }
    if (responses.length > 0) stream.write({responses});
  });
  stream.on('error', (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

main();
