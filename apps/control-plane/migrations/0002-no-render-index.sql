-- Nobody looks clusters up by their render, and every publish had to keep it up.
DROP INDEX clusters_render;
