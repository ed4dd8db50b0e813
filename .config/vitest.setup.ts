import fc from 'fast-check';

// The same cases in every run, so that CI judges the change and not the draw. FC_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20261121) });
