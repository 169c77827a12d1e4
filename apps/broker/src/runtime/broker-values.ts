import type { BrokerConfig, BrokerConfigValues } from '../config/broker-config.ts';
import { brokerValuesInForce } from '../config/dynamic-broker-config.ts';
import { type ClusterImage, emptyClusterImage } from '../core/metadata/image.ts';
import { brokerLayers } from './topic-admin-rules.ts';

/** The broker's values in force under an image, resolved once for each change of configurations. */
export function brokerValues(config: BrokerConfig): (image: ClusterImage | undefined) => BrokerConfigValues {
  let resolvedFor: ClusterImage['configs'] | undefined;
  let values = config.values;
  return (image = emptyClusterImage) => {
    if (resolvedFor !== image.configs) {
      resolvedFor = image.configs;
      values = brokerValuesInForce(brokerLayers(config, config.nodeId, image));
    }
    return values;
  };
}
