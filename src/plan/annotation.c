/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations are an ordered map; few are looked up, so a walk is enough. */
#include "annotation.h"

#include <string.h>

#include "libocispec/ocispec.h"

const char *annotation(const struct oci_config *config, const char *key)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (strcmp(config->annotations.v[i].key, key) == 0)
			return config->annotations.v[i].v;
	return NULL;
}
