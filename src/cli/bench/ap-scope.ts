/** One scope of the AP life cycle in two forms: lines of a scenario, and parameters of `public/models/ap-lifecycle.pml`. */

/** The acts above the scope. */
export const apAbove = `ghcb-scenario 1
vm vcpus=2 memory=4M
guest manual
host manual
launch standard
v0 make-vmsa gpa=0x121000
explore threads
`;

/** AP creation, INIT, SIPI and KVM_RUN without limit. */
export const apActs = `explore v0 ap-create target=1 vmsa=0x121000
explore v0 ap-create-on-init target=1 vmsa=0x121000
explore v0 ap-destroy target=1 features=0x1
explore v0 init target=1
explore v0 sipi target=1
explore vmm run vcpu=1`;

/** The same with holds, HLT, kicks, signals, mp_state and a page without memslot: the vCPU begins in KVM_RUN. */
export const apWhole = {
  lines: `${apActs}
explore v0 ap-create target=1 vmsa=0x7fff000
explore v0 ap-create-on-init target=1 vmsa=0x7fff000
explore v1 hold form=nae|msr
explore v1 hlt
explore inject pv-unhalt vcpu=1
explore vmm signal vcpu=1
explore vmm get-mp-state vcpu=1
explore vmm set-mp-state vcpu=1 state=RUNNABLE|UNINITIALIZED|INIT_RECEIVED
explore vmm set-mp-state vcpu=1 state=HALTED|SIPI_RECEIVED|AP_RESET_HOLD`,
  defines: {
    START: 2,
    CREATES_NO_SLOT: 'ANY',
    HOLDS: 'ANY',
    HLTS: 'ANY',
    UNHALTS: 'ANY',
    SIGNALS: 'ANY',
    SET_MP_STATES: 'ANY',
    GET_MP_STATES: 'ANY',
  },
} as const;

export const END = '\nend ghcb-scenario\n';
