// A client written by others: node-smpp bound to our carrier. Arguments: port, password. It sends a short message and
// a long one by hand-made segments, prints what comes back as JSON lines, and unbinds at the end of its input.
'use strict';
const smpp = require('smpp');

const [port, password] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const session = smpp.connect({ url: 'smpp://127.0.0.1:' + port }, () => {
  session.bind_transceiver({ system_id: 'duly', password }, (pdu) => {
    say({ event: 'bound', status: pdu.command_status, system_id: pdu.system_id, version: pdu.sc_interface_version });
    if (pdu.command_status !== 0) {
      session.close();
      return;
    }
    session.enquire_link({}, (answer) => say({ event: 'enquire_link answered', status: answer.command_status }));
    const common = { source_addr: '10690000', destination_addr: '8613800000001', registered_delivery: 1 };
    session.submit_sm(
      { ...common, short_message: 'Pay 5.00 €', user_message_reference: 513 },
      (answer) => say({ event: 'submitted', status: answer.command_status, id: answer.message_id }),
    );
    session.submit_sm(
      { ...common, short_message: '您的贷款已逾期' },
      (answer) => say({ event: 'submitted', status: answer.command_status, id: answer.message_id }),
    );
    session.submit_sm(
      { ...common, destination_addr: '12a', short_message: 'x' },
      (answer) => say({ event: 'submitted', status: answer.command_status, id: answer.message_id }),
    );
  });
});
session.on('error', (error) => say({ event: 'error', what: String(error) }));
session.on('close', () => { say({ event: 'closed' }); process.exit(0); });
session.on('deliver_sm', (pdu) => {
  say({
    event: 'deliver_sm',
    esm_class: pdu.esm_class,
    source: pdu.source_addr,
    text: pdu.short_message.message,
    id: pdu.receipted_message_id,
    state: pdu.message_state,
    reference: pdu.user_message_reference,
  });
  session.send(pdu.response());
});
process.stdin.on('end', () => {
  session.unbind({}, (answer) => { say({ event: 'unbound', status: answer.command_status }); session.close(); });
}).resume();
