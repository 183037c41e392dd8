// The stack "sip" of npm as a peer over TLS. Reads a line of JSON for each thing to do and writes one
// for each thing that happened:
//   {"do":"request","method":"OPTIONS","uri":"sip:…","body":""}  ->  {"status":200,"method":"OPTIONS"}
//   {"do":"call","uri":"sip:…"}  ->  {"status":180}, {"status":200}, ACK is sent
//   {"do":"hang up"}             ->  {"status":200,"method":"BYE"}
// What it is asked it answers by itself, and tells as {"request":"INVITE"}.
'use strict';

const [, , modules, settings] = process.argv;
const fs = require('fs');
const readline = require('readline');
const sip = require(modules + '/sip/sip.js');

const {port, certificate, key, authority} = JSON.parse(settings);
const SDP = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0',
             'm=audio 9 RTP/AVP 0', ''].join('\r\n');
const contact = [{uri: `sip:npm@127.0.0.1:${port};transport=tls`}];
let count = 0;
let call = null;  // The INVITE and its 2xx.

function tell(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

function request(method, uri, extra, content) {
  count++;
  return {method, uri, content: content || '',
          headers: Object.assign({
            to: {uri}, from: {uri: 'sip:npm@example.com', params: {tag: 'npm-' + count}},
            'call-id': `npm-${process.pid}-${count}`, cseq: {method, seq: count}, contact}, extra)};
}

function inDialog(method, seq) {
  const {invite, answer} = call;
  const routes = (answer.headers['record-route'] || []).slice().reverse();
  return {method, uri: answer.headers.contact[0].uri,
          headers: {to: answer.headers.to, from: invite.headers.from,
                    'call-id': invite.headers['call-id'], cseq: {method, seq}, route: routes}};
}

const commands = {
  request({method, uri, body}) {
    const type = body ? {'content-type': 'text/plain'} : {};
    sip.send(request(method, uri, type, body), answer => tell({status: answer.status, method}));
  },
  call({uri}) {
    const invite = request('INVITE', uri, {'content-type': 'application/sdp'}, SDP);
    sip.send(invite, answer => {
      tell({status: answer.status, method: 'INVITE'});
      if (answer.status < 200 || answer.status >= 300) return;
      call = {invite, answer};
      sip.send(inDialog('ACK', invite.headers.cseq.seq));
    });
  },
  'hang up'() {
    sip.send(inDialog('BYE', call.invite.headers.cseq.seq + 1),
             answer => tell({status: answer.status, method: 'BYE'}));
  },
};

sip.start({
  udp: false, tcp: false, address: '127.0.0.1', port, tls_port: port,
  publicAddress: 'npm.example.com',  // It sends nothing to its own address.
  tls: {cert: fs.readFileSync(certificate), key: fs.readFileSync(key),
        ca: fs.readFileSync(authority), requestCert: true, rejectUnauthorized: true},
}, asked => {
  tell({request: asked.method});
  if (asked.method === 'ACK') return;
  const answer = sip.makeResponse(asked, 200, 'OK');
  if (asked.method === 'INVITE') {
    answer.headers.to.params.tag = 'npm-called';
    Object.assign(answer.headers, {contact, 'content-type': 'application/sdp'});
    answer.content = SDP;
    const ringing = sip.makeResponse(asked, 180, 'Ringing');
    ringing.headers.to.params.tag = 'npm-called';
    sip.send(ringing);
  }
  sip.send(answer);
});

readline.createInterface({input: process.stdin}).on('line', line => {
  const command = JSON.parse(line);
  commands[command.do](command);
});
