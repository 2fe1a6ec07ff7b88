import { IsInt, Min } from 'class-validator';
import { Variable } from '../config/variable';

/** Binds a property to a variable that bounds something: a whole number, 0 for no limit. */
export const Limit =
  (name: string, about: string): PropertyDecorator =>
  (target, property) => {
    Variable(name, { about: `${about}; 0: no limit` })(target, property);
    IsInt()(target, String(property));
    Min(0)(target, String(property));
  };
