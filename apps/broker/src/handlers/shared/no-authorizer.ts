import { ErrorCode } from '@ks/protocol';

/** How the ACL APIs are answered by a broker that has no authorizer, as Kafka does. */
export const noAuthorizer = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'no authorizer is configured on this broker',
} as const;
