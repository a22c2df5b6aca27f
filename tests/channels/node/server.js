// A carrier written by others: node-smpp as a server. It prints a JSON line for its port and for each event, and
// after every accepted message it brings a receipt and a reply.
'use strict';
const smpp = require('smpp');

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

const server = smpp.createServer((session) => {
  let ids = 0;
  session.on('error', (error) => say({ event: 'error', what: String(error) }));
  session.on('bind_transceiver', (pdu) => {
    say({ event: 'bind', system_id: pdu.system_id, interface_version: pdu.interface_version });
    const good = pdu.password === 'loopback';
    session.send(pdu.response({ command_status: good ? 0 : smpp.ESME_RINVPASWD, system_id: 'node' }));
  });
  session.on('enquire_link', (pdu) => {
    say({ event: 'enquire_link' });
    session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    const udh = pdu.short_message.udh;
    say({
      event: 'submit_sm',
      source: pdu.source_addr,
      destination: pdu.destination_addr,
      text: pdu.short_message.message,
      udh: udh ? Buffer.concat(udh.map((one) => Buffer.from(one))).toString('hex') : '',
      reference: pdu.user_message_reference,
      registered: pdu.registered_delivery,
      validity: pdu.validity_period,
    });
    if (pdu.destination_addr.endsWith('9')) {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    ids += 1;
    const id = 'node-' + ids;
    session.send(pdu.response({ message_id: id }));
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      source_addr_ton: 1,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      receipted_message_id: id,
      message_state: 2,
      short_message: 'id:' + id + ' sub:001 dlvrd:001 submit date:2611231800 done date:2611231801 stat:DELIVRD err:000 text:',
    }, (answer) => say({ event: 'receipt answered', status: answer.command_status }));
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      source_addr_ton: 1,
      destination_addr: pdu.source_addr,
      short_message: '退订',
    }, (answer) => say({ event: 'reply answered', status: answer.command_status }));
  });
});

server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();
