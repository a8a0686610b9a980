/** The SEV firmware: commands, status codes, and the guest states it keeps. */
import { source } from './source';

/** Where command ids, states and check order come from. */
export const firmwareSource = source.firmware(
  'fw/psp_bl_uapps/sev_uapp/src/sev_mcmd.c',
  'SNP commands and their checks',
);
/** Where the names of the status codes come from. */
export const firmwareStatusSource = source.uapi('linux/psp-sev.h', 'SEV_RET status codes');

/** Commands the model speaks by name. */
export const SEV_CMD_SNP_DF_FLUSH = 0x084;
export const SEV_CMD_SNP_DECOMMISSION = 0x090;
export const SEV_CMD_SNP_ACTIVATE = 0x091;
export const SEV_CMD_SNP_GCTX_CREATE = 0x093;
export const SEV_CMD_SNP_GUEST_REQUEST = 0x094;
export const SEV_CMD_SNP_LAUNCH_START = 0x0a0;
export const SEV_CMD_SNP_LAUNCH_UPDATE = 0x0a1;
export const SEV_CMD_SNP_LAUNCH_FINISH = 0x0a2;
export const SEV_CMD_SNP_PAGE_RECLAIM = 0x0c7;

/** Every command, by id. */
export const firmwareCommands = {
  0x081: 'SNP_INIT',
  0x082: 'SNP_SHUTDOWN',
  0x083: 'SNP_PLATFORM_STATUS',
  [SEV_CMD_SNP_DF_FLUSH]: 'SNP_DF_FLUSH',
  0x085: 'SNP_INIT_EX',
  0x086: 'SNP_SHUTDOWN_EX',
  [SEV_CMD_SNP_DECOMMISSION]: 'SNP_DECOMMISSION',
  [SEV_CMD_SNP_ACTIVATE]: 'SNP_ACTIVATE',
  0x092: 'SNP_GUEST_STATUS',
  [SEV_CMD_SNP_GCTX_CREATE]: 'SNP_GCTX_CREATE',
  [SEV_CMD_SNP_GUEST_REQUEST]: 'SNP_GUEST_REQUEST',
  0x095: 'SNP_ACTIVATE_EX',
  [SEV_CMD_SNP_LAUNCH_START]: 'SNP_LAUNCH_START',
  [SEV_CMD_SNP_LAUNCH_UPDATE]: 'SNP_LAUNCH_UPDATE',
  [SEV_CMD_SNP_LAUNCH_FINISH]: 'SNP_LAUNCH_FINISH',
  0x0b0: 'SNP_DBG_DECRYPT',
  0x0b1: 'SNP_DBG_ENCRYPT',
  0x0c0: 'SNP_PAGE_SWAP_OUT',
  0x0c1: 'SNP_PAGE_SWAP_IN',
  0x0c2: 'SNP_PAGE_MOVE',
  0x0c3: 'SNP_PAGE_MD_INIT',
  0x0c6: 'SNP_PAGE_SET_STATE',
  [SEV_CMD_SNP_PAGE_RECLAIM]: 'SNP_PAGE_RECLAIM',
  0x0c8: 'SNP_PAGE_UNSMASH',
  0x0c9: 'SNP_CONFIG',
  0x0ca: 'SNP_DOWNLOAD_FIRMWARE_EX',
  0x0cb: 'SNP_COMMIT',
  0x0cd: 'SNP_VLEK_LOAD',
  0x0ce: 'SNP_FEATURE_INFO',
} as const;

/** Guest states the firmware keeps in the context page. */
export const GSTATE_INIT = 0;
export const GSTATE_LAUNCH = 1;
export const GSTATE_RUNNING = 2;

export const guestStates = {
  [GSTATE_INIT]: 'INIT',
  [GSTATE_LAUNCH]: 'LAUNCH',
  [GSTATE_RUNNING]: 'RUNNING',
} as const;

/** Status codes by name, without the prefixes SEV_RET_ and SEV_STATUS_. Where a header misspells one, this list does not. */
export const firmwareStatus = {
  SUCCESS: 0x00,
  INVALID_PLATFORM_STATE: 0x01,
  INVALID_GUEST_STATE: 0x02,
  INVALID_CONFIG: 0x03,
  INVALID_LEN: 0x04,
  ALREADY_OWNED: 0x05,
  INVALID_CERTIFICATE: 0x06,
  POLICY_FAILURE: 0x07,
  INACTIVE: 0x08,
  INVALID_ADDRESS: 0x09,
  BAD_SIGNATURE: 0x0a,
  BAD_MEASUREMENT: 0x0b,
  ASID_OWNED: 0x0c,
  INVALID_ASID: 0x0d,
  WBINVD_REQUIRED: 0x0e,
  DFFLUSH_REQUIRED: 0x0f,
  INVALID_GUEST: 0x10,
  INVALID_COMMAND: 0x11,
  ACTIVE: 0x12,
  HWSEV_RET_PLATFORM: 0x13,
  HWSEV_RET_UNSAFE: 0x14,
  UNSUPPORTED: 0x15,
  INVALID_PARAM: 0x16,
  RESOURCE_LIMIT: 0x17,
  SECURE_DATA_INVALID: 0x18,
  INVALID_PAGE_SIZE: 0x19,
  INVALID_PAGE_STATE: 0x1a,
  INVALID_MDATA_ENTRY: 0x1b,
  INVALID_PAGE_OWNER: 0x1c,
  AEAD_OFLOW: 0x1d,
  EXIT_RING_BUFFER: 0x1f,
  RMP_INIT_REQUIRED: 0x20,
  BAD_SVN: 0x21,
  BAD_VERSION: 0x22,
  SHUTDOWN_REQUIRED: 0x23,
  UPDATE_FAILED: 0x24,
  RESTORE_REQUIRED: 0x25,
  RMP_INITIALIZATION_FAILED: 0x26,
  INVALID_KEY: 0x27,
  SHUTDOWN_INCOMPLETE: 0x28,
  INCORRECT_BUFFER_LENGTH: 0x30,
  EXPAND_BUFFER_LENGTH_REQUEST: 0x31,
  SPDM_REQUEST: 0x32,
  SPDM_ERROR: 0x33,
  ERR_IN_DEV_CONN: 0x35,
  INVALID_DEV_CTX: 0x36,
  INVALID_TDI_CTX: 0x37,
  INVALID_TDI: 0x38,
  RECLAIM_REQUIRED: 0x39,
  IN_USE: 0x3a,
  INVALID_DEV_STATE: 0x3b,
  INVALID_TDI_STATE: 0x3c,
  DEV_CERT_CHANGED: 0x3d,
  RESYNC_REQ: 0x3e,
  RESPONSE_TOO_LARGE: 0x3f,
} as const;

/** A name of {@link firmwareStatus}. */
export type FirmwareStatusName = keyof typeof firmwareStatus;

/** `error` of struct kvm_sev_cmd when no firmware was called: -1 as an unsigned 32-bit number. */
export const SEV_RET_NO_FW_CALL = 0xffff_ffff;

/** Names of status codes by number, as the `error` field shows them. */
export const firmwareStatusNames: Readonly<Record<number, string>> = {
  [SEV_RET_NO_FW_CALL]: 'NO_FW_CALL',
  ...Object.fromEntries(Object.entries(firmwareStatus).map(([name, code]) => [code, name])),
};

/** The name of a status code, or its number in hex. */
export const firmwareStatusText = (code: number): string =>
  firmwareStatusNames[code] ?? `0x${code.toString(16)}`;
