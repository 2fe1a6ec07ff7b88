export { demoShop } from './demo-shop';
